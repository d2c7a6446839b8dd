/** Answers announced in words: "the answer is 5", "**Final Answer:** $x = 3$", "the correct option is (B)". */
import { groupAt, segmentsOf } from "./segments.js";

const cue =
  /\b(?:final\s+|correct\s+|right\s+|best\s+){0,3}(?:answer|ans|option|choice|final\s+result)\b(?:\s+(?:to|for|of)\s+(?:[^\s.:$]+\s+){0,8}?|\s+)?(?:[*_]{0,3}\s*(?:\bis\b|\bare\b|\bwould\s+be\b|\bshould\s+be\b|\bmust\s+be\b|\bwill\s+be\b|\bcomes\s+out\s+to\b|\bequals\b|=|:)(?:\s*[*_]{1,3})?\s*:?)+|^[ \t]{0,8}(?:[*_#]{1,8}[ \t]*)?(?:final[ \t]+)?answer[ \t]*[*_]{0,3}[ \t]*:?[ \t]*[*_]{0,3}[ \t]*(?=\n)/gim;

/** The answer after the last cue that has something behind it. */
export function cuedAnswer(text: string): string | undefined {
  const cues = [...text.matchAll(cue)].slice(-8);
  for (const found of cues.reverse()) {
    const rest = text.slice((found.index ?? 0) + found[0].length, (found.index ?? 0) + found[0].length + 2_000);
    const answer = clauseAnswer(rest);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** The first line with anything on it: display mathematics may begin on the next. */
function firstLine(rest: string): string {
  const text = rest.replace(/^[\s*_:>}]+/, "");
  const display = /^(?:\$\$|\\\[|\\begin)[\s\S]*?(?:\$\$|\\\]|\\end\{[a-z*]+\})/.exec(
    text.startsWith("$$") ? text : text,
  );
  if (text.startsWith("$$")) {
    const close = text.indexOf("$$", 2);
    if (close > 0) return text.slice(0, close + 2);
  } else if (display) return display[0];
  return text.split("\n", 1)[0] ?? "";
}

/** Up to the end of the sentence; points inside mathematics and numbers do not end one. */
export function firstSentence(line: string): string {
  const spans = segmentsOf(line);
  const ends = /[.!?](?=\s|$|\*)|;\s+(?=[a-z]{3,})/g;
  for (let found = ends.exec(line); found; found = ends.exec(line)) {
    const { index } = found;
    if (spans.some((span) => index > span.start && index < span.end)) continue;
    const before = line.slice(0, index);
    const isFactorial = found[0] === "!" && /[\w)}\\]$/.test(before);
    const isInitial = /^\s*\(?[A-Z]$/.test(before) && found[0] === "." && line.slice(index + 1).trim() !== "";
    const isAbbreviation =
      /\b(?:p|a)\.?m$|\b(?:sq|ft|in|no|approx|Mr|Mrs|Dr|vs)$/i.test(before) && /^\.\s+[a-z(\d]/.test(line.slice(index));
    if (isFactorial || isInitial || isAbbreviation) continue;
    return before;
  }
  return line;
}

const trailing =
  /\s*(?:,\s*(?:since|because|as|which|so|where|not|but|rather|and\s+(?:so|the|this|we|it))\b|\b(?:because|since|which\s+(?:is|means)|so\s+that)\b|\.?\s*I hope\b|\(since\b|\bas\s+(?:required|desired|expected)\b).*$/is;

/** An answer from the words after a cue. */
export function clauseAnswer(rest: string): string | undefined {
  const line = firstLine(rest);
  const sentence = firstSentence(line);
  const segments = segmentsOf(sentence);
  const [first] = segments;
  if (first) {
    const lead = sentence
      .slice(0, first.start)
      .replace(/[*_:\s]+/g, " ")
      .trim();
    const tail = sentence.slice(first.end).trim();
    const isWhole = lead.split(" ").length <= 4;
    // "(C) $5$" and "5 or $6$" keep what stands before the mathematics; words alone are dropped.
    if (isWhole && /\d|^\(?[A-J][).:]/.test(lead) && tail.length < 40) return clean(sentence);
    return clean(groupAt(sentence, segments, isWhole ? 0 : segments.length - 1));
  }
  // Outside of mathematics "10!" is joy, not a factorial.
  return clean(sentence.replace(trailing, "").replace(/(\d)!\s*$/, "$1"));
}

/** Without emphasis, quotes and closing punctuation; undefined when nothing is left. */
export function clean(answer: string): string | undefined {
  const text = answer
    .replace(/\*{2,3}|(?<![a-zA-Z0-9}])__(?=\w)|`/g, "")
    .replace(/^[\s:>*"'“”]+|[\s*"'“”]+$/g, "")
    .replace(/(?<!\.)[.,;:]+$/, "")
    .trim();
  return text === "" || /^[^\w\\$\p{L}(]*$/u.test(text) ? undefined : text;
}
