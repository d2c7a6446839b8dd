/**
 * One spelling for the many ways to write the same characters: Unicode to LaTeX, no typesetting commands, no math
 * delimiters, no trailing punctuation. Works on characters only; what they mean is the parser's business.
 */

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ";
const superscriptValues = "0123456789+-n";
const subscripts = "₀₁₂₃₄₅₆₇₈₉";

const unicode: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "−": "-",
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "×": "\\times ",
    "·": "\\cdot ",
    "⋅": "\\cdot ",
    "∙": "\\cdot ",
    "∗": "*",
    "÷": "\\div ",
    "±": "\\pm ",
    "∓": "\\mp ",
    "√": "\\sqrt ",
    "∛": "\\sqrt[3]",
    π: "\\pi ",
    "∞": "\\infty ",
    "≤": "\\le ",
    "⩽": "\\le ",
    "≥": "\\ge ",
    "⩾": "\\ge ",
    "≠": "\\ne ",
    "≈": "\\approx ",
    "≅": "\\cong ",
    "≡": "\\equiv ",
    "∪": "\\cup ",
    "∩": "\\cap ",
    "∈": "\\in ",
    "∉": "\\notin ",
    "∅": "\\emptyset ",
    "⌀": "\\emptyset ",
    ℝ: "\\mathbb{R}",
    ℤ: "\\mathbb{Z}",
    ℕ: "\\mathbb{N}",
    ℚ: "\\mathbb{Q}",
    ℂ: "\\mathbb{C}",
    "∖": "\\setminus ",
    "°": "^\\circ ",
    º: "^\\circ ",
    "∘": "\\circ ",
    "→": "\\to ",
    "⇒": "\\implies ",
    "⟹": "\\implies ",
    "⇔": "\\implies ",
    "∑": "\\sum ",
    "∏": "\\prod ",
    "∫": "\\int ",
    "∧": "\\land ",
    "∨": "\\lor ",
    "…": "\\ldots ",
    "⋯": "\\ldots ",
    "½": "\\frac{1}{2}",
    "⅓": "\\frac{1}{3}",
    "⅔": "\\frac{2}{3}",
    "¼": "\\frac{1}{4}",
    "¾": "\\frac{3}{4}",
    "⅕": "\\frac{1}{5}",
    "⅛": "\\frac{1}{8}",
    "⌊": "\\lfloor ",
    "⌋": "\\rfloor ",
    "⌈": "\\lceil ",
    "⌉": "\\rceil ",
    "⟨": "\\langle ",
    "⟩": "\\rangle ",
    "（": "(",
    "）": ")",
    "，": ", ",
    "；": "; ",
    "：": ":",
    "、": ", ",
    "。": ".",
    "＝": "=",
    "∣": "|",
    "′": "'",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "∠": "\\angle ",
    "△": "\\triangle ",
    α: "\\alpha ",
    β: "\\beta ",
    γ: "\\gamma ",
    δ: "\\delta ",
    ε: "\\epsilon ",
    θ: "\\theta ",
    λ: "\\lambda ",
    μ: "\\mu ",
    σ: "\\sigma ",
    φ: "\\phi ",
    ω: "\\omega ",
    ρ: "\\rho ",
    τ: "\\tau ",
    "\u00a0": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u2003": " ",
    "\u200b": "",
    "\u2061": "",
    "\u2062": "",
    "\ufeff": "",
    "€": "\\$",
    "£": "\\$",
    "¥": "\\$",
    "₹": "\\$",
  }),
);

const superscriptRun = new RegExp(`[${superscripts}]+`, "g");
const subscriptRun = new RegExp(`[${subscripts}]+`, "g");

/** Unicode mathematics in the spelling of LaTeX. */
export function fromUnicode(text: string): string {
  if (!/[^ -~\s]/.test(text)) return text;
  return text
    .replace(/(\d)\s*([½⅓⅔¼¾⅕⅛])/g, "$1$2")
    .replace(superscriptRun, (run) => `^{${[...run].map((c) => superscriptValues[superscripts.indexOf(c)]).join("")}}`)
    .replace(subscriptRun, (run) => `_{${[...run].map((c) => subscripts.indexOf(c)).join("")}}`)
    .replace(/[^ -~\s]/g, (character) => unicode.get(character) ?? character);
}

const styleCommands =
  /\\(?:displaystyle|textstyle|scriptstyle|scriptscriptstyle|limits|nolimits|left|right|middle|[bB]igg?[lrm]?|[bB]igg|boldsymbol|pmb|bm|mathstrut|strut|rm|bf|it|tt|sf|large|Large|small|normalsize|centering|noindent|hfill|par|nonumber|notag|boxed|fbox|ensuremath|protect|underline)(?![a-zA-Z])/g;

const bracedRows =
  /(?:\\left\s*)?\\\{\s*\\begin\s*\{(array|aligned|matrix|gathered)\}(\s*\{[^{}]*\})?([\s\S]*?)\\end\s*\{\1\}(?!\s*(?:\\right\s*)?\\\})\s*(?:\\right\s*\.\s*)*(?:[,;]\s*)?(?=(\\left\s*\\\{)?)/g;

/** Removes typesetting. The result still is LaTeX, with `{,}` where a comma is known to belong to a number. */
export function normalise(text: string): string {
  let out = fromUnicode(text)
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&")
    .replace(/\\\\\s*\[[^\]]{0,12}(?:pt|em|ex|mm|cm)\]/g, "\\\\")
    .replace(/\\+(?:d|t|c)frac(?![a-zA-Z])/g, "\\frac")
    .replace(/\\(?:begin|end)\{(?:align|aligned|equation|gather|gathered|split|displaymath|math|center)\*?\}/g, " ");
  if (out.includes("\\")) {
    out = out.replace(/[.,;]\s*(?=\\end\s*\{)/g, " ");
    // A brace before rows makes a system of them.
    out = out.replace(
      bracedRows,
      (_found, _name: string, _columns: string | undefined, rows: string, next?: string) => {
        return `\\begin{cases}${rows}\\end{cases}${next ? ";" : ""}`;
      },
    );
    // A row that begins with a relation goes on with the row before.
    out = out.replace(/\\\\\s*&?\s*(?=[=<>]|\\(?:approx|le|ge|lt|gt|leq|geq|implies|Rightarrow)(?![a-zA-Z]))/g, " ");
    out = out
      .replace(/\\(?:textcolor|color)\s*\{[^{}]*\}/g, "")
      .replace(/\\(?:[hv]?phantom|label|tag|hspace|vspace|cite|ref)\*?\s*\{[^{}]*\}/g, " ")
      .replace(/,\s*\\!\s*/g, "{,}")
      .replace(/\\!/g, "")
      .replace(/\\(?:left|right)\s*\./g, " ")
      .replace(styleCommands, " ")
      .replace(/\\\\|\\\$|\\[()[\],;:> ]|\\(?:quad|qquad|enspace|thinspace)(?![a-zA-Z])/g, (found) =>
        found === "\\\\" ? found : found === "\\$" ? "" : " ",
      )
      .replace(/\\%/g, "%")
      .replace(/\\([_#&])/g, "$1");
  }
  out = out.replace(/\b([ap])\.\s?m\b\.?/gi, "$1m").replace(/(\d)\s*([ap]m)\b/gi, "$1\\text{$2}");
  out = out.replace(/\b(?:negative|minus)\s+(?=[\d.\\])/gi, "-").replace(/\bm\s*\\angle/g, "\\angle");
  out = stripEmphasis(out)
    .replace(/[$~`\s\p{Cc}]+/gu, " ")
    .trim();
  out = stripTrailing(out);
  const quoted = /^(["'])(.*)\1$/s.exec(out);
  return markLetterUnits(quoted?.[2] ?? out);
}

/** A lone letter after a spaced number, at the very end, is a unit: `5 m`, `9.8 m/s^2`; `5m` stays a product. */
function markLetterUnits(text: string): string {
  return text.replace(
    /^((?:[-\d.,/{}\s]|\\frac|\\sqrt|\\pi)*[\d}]\s+)([mgshLl](?:\^\{?[23]\}?)?(?:\s*\/\s*[mgsh](?:\^\{?2\}?)?)?)$/,
    "$1\\text{$2}",
  );
}

/** `**` as emphasis around the whole, or as the power operator between operands. */
function stripEmphasis(text: string): string {
  if (!text.includes("*") && !text.includes("__")) return text;
  const emphasised = /^\s*(\*{1,3}|__)([\s\S]*?)\1[\s.]*$/.exec(text);
  return (emphasised?.[2] ?? text).replace(/([\w)}])\s*\*\*\s*(?=[\w({-])/g, "$1^").replace(/\*{2,}/g, "");
}

function stripTrailing(text: string): string {
  let end = text.length;
  while (end > 0) {
    const character = text[end - 1] as string;
    if (character === "." && text[end - 2] === ".") break;
    if (!/[.,;:!?\s]/.test(character) || (character === "!" && /[\w)}]/.test(text[end - 2] ?? ""))) break;
    end -= 1;
  }
  return text.slice(0, end);
}
