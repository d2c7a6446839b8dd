/**
 * The last resort: what the last sentence of a solution concludes. A text that breaks off in the middle of a sentence
 * concludes nothing, and a sentence without emphasis, mathematics or number states no answer.
 */
import { clean } from "./cue.js";
import { groupAt, segmentsOf } from "./segments.js";

const maxShortText = 240;
const maxTail = 10_000;
const maxParagraph = 2_000;

const number =
  /(?<![\w.])[-−]?\s?(?:[$€£]\s?)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:\s*\/\s*\d+(?:\.\d+)?)?(?:\s?%)?|(?<![\w.])-?\.\d+/g;

/** `(3, 4)` in prose. */
const tuple = /[([][^()[\]a-zA-Z]{1,60},[^()[\]a-zA-Z]{1,60}[)\]]/g;

/** `2, 3 and 5` in prose. */
const numberList = new RegExp(`(?:${number.source})(?:\\s*(?:,?\\s*(?:and|or)|,)\\s+(?:${number.source})){1,20}`, "g");

export function concludedAnswer(text: string): string | undefined {
  const tail = text.trim().slice(-maxTail);
  const paragraph = (tail.split(/\n+/).at(-1)?.trim() ?? "").slice(-maxParagraph);
  const isShort = text.trim().length <= maxShortText;
  if (!isShort && !/[.!?)\]$*}]["']?$/.test(paragraph)) return undefined;
  const bold = [...paragraph.matchAll(/\*\*([^*]+)\*\*/g)].at(-1);
  if (bold && !/:$/.test(bold[1] as string)) {
    const inside = withoutProse(bold[1] as string);
    if (inside !== undefined) return inside;
  }
  const segments = segmentsOf(tail);
  const last = segments.at(-1);
  const lastStart = tail.lastIndexOf(paragraph);
  if (last && (last.end > lastStart || tail.slice(last.end).trim().length < 40)) {
    const after = tail.slice(last.end);
    const laterNumber = [...after.matchAll(number)].at(-1);
    if (!laterNumber) return clean(groupAt(tail, segments, segments.length - 1));
  }
  return withoutProse(paragraph.replace(/(?<=\d.*)\b(?:because|since|which|as)\b.*$/s, ""));
}

/** The relation or number that a sentence ends with. */
function withoutProse(sentence: string): string | undefined {
  const segments = segmentsOf(sentence);
  const later = sentence.slice(segments.at(-1)?.end ?? 0).match(number);
  if (segments.length > 0 && !later) return clean(groupAt(sentence, segments, segments.length - 1));
  const choice = /\(([A-E])\)[.\s]*$/.exec(sentence);
  if (choice) return `(${choice[1]})`;
  const run = mathematicsAtEnd(sentence);
  if (run !== undefined && /\\[a-zA-Z]|[=^]/.test(run)) return clean(run);
  const last = [...sentence.matchAll(number)].at(-1);
  if (last) {
    for (const several of [tuple, numberList]) {
      const group = [...sentence.matchAll(several)].at(-1);
      if (group && group.index <= last.index && group.index + group[0].length >= last.index + last[0].length)
        return clean(group[0]);
    }
  }
  const found = last?.[0].trim();
  return found === undefined ? stated(sentence) : clean(found);
}

/** The one word a short sentence ends with: "The day is Tuesday." */
function stated(sentence: string): string | undefined {
  return sentence.length > maxShortText ? undefined : /\b(?:is|are|was|were)\s+([A-Za-z]+)[.\s]*$/.exec(sentence)?.[1];
}

/** LaTeX without delimiters at the end of a sentence: the last pieces between spaces that hold no word. */
function mathematicsAtEnd(sentence: string): string | undefined {
  const pieces = sentence
    .slice(-600)
    .replace(/[.\s]+$/, "")
    .split(/\s+/);
  let start = pieces.length;
  while (start > 0) {
    const bare = (pieces[start - 1] as string).replace(/\\[a-zA-Z]+/g, "\\");
    if (/[a-zA-Z]{2,}/.test(bare) || /^[aAI]$/.test(bare) || /[,:;]$/.test(bare)) break;
    start -= 1;
  }
  const run = pieces.slice(start).join(" ");
  return run === "" ? undefined : run;
}
