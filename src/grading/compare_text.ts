/** Answers in words, and the letters of multiple choice. */

const articles = /\b(?:a|an|the)\b/g;

/** Words only: no commands, braces, punctuation, articles or capitals. */
export function plainWords(text: string): string {
  return text
    .replace(
      /\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf|operatorname|emph|textnormal|textsf|texttt)(?![a-zA-Z])/g,
      " ",
    )
    .replace(/\\[,;:!\s]|\\q?quad/g, " ")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}-]+/gu, " ")
    .replace(articles, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** The same words; hyphens and spaces between them do not count. Texts with mathematics in them must agree to the character. */
export function sameText(a: string, b: string): boolean {
  if (isMathematics(a) || isMathematics(b)) return bareText(a) === bareText(b);
  const [left, right] = [plainWords(a).replace(/[ -]/g, ""), plainWords(b).replace(/[ -]/g, "")];
  return left !== "" && left === right;
}

/** The characters inside a `\\text{...}` that holds everything; spaces dropped. */
function bareText(text: string): string {
  const wrapped = /^\s*\\(?:text|textbf|mbox|mathrm|textrm)\s*\{([^{}\\]*)\}\s*$/.exec(text);
  return (wrapped?.[1] ?? text).replace(/\s+/g, "");
}

function isMathematics(text: string): boolean {
  return /[\d=+*/^<>_|]|\\(?!text|mbox|mathrm|operatorname|emph|[ ,;!]|quad)/.test(text) || !/\p{L}{2}/u.test(text);
}

export interface Choice {
  letter: string;
  /** What stands beside the letter: `(C) 35`. */
  rest: string;
}

/** The letter of a multiple-choice answer: `(A)`, `A.`, `\text{A}`, `**A**`, `(C) 35`, `option B`. */
export function choiceOf(text: string): Choice | undefined {
  const bare = text
    .replace(/\\(?:text|textbf|mathrm|mathbf|textrm|mbox|textit|bf|rm)(?![a-zA-Z])/g, " ")
    .replace(/[{}$*~]|\\[ ,;!]/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^(?:option|choice|answer)\s*:?\s*(?=\(?[A-Za-z]\b)/i, "");
  const alone =
    /^(?:([A-J])|\(\s*([A-Ja-j])\s*\)|\[\s*([A-J])\s*\])[.:)]?$/.exec(bare) ?? /^([A-Ja-j])[.)]$/.exec(bare);
  if (alone) return { letter: (alone[1] ?? alone[2] ?? alone[3] ?? "").toUpperCase(), rest: "" };
  const beside = /^(?:\(\s*([A-J])\s*\)|([A-J])[.:)])\s+(\S.*)$/.exec(bare);
  if (!beside) return undefined;
  return { letter: (beside[1] ?? beside[2]) as string, rest: beside[3] as string };
}

/** `A, C`, `A and C`, `ABD`: the letters of an answer with several choices, sorted; undefined when it is none. */
export function choicesOf(text: string): string | undefined {
  const bare = text
    .replace(/\\(?:text|textbf|mathrm|mathbf)(?![a-zA-Z])|[{}$*().\s]/g, " ")
    .replace(/\b(?:and|or)\b|[,;&]/g, " ");
  const compact = bare.replace(/\s+/g, "");
  if (!/^[A-J]{2,10}$/.test(compact) || new Set(compact).size !== compact.length) return undefined;
  return [...compact].sort().join("");
}
