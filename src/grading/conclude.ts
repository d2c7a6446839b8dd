/**
 * The last resort: what the last sentence of a solution concludes. A text that breaks off in the middle of a sentence
 * concludes nothing, and a sentence without emphasis, mathematics or number states no answer.
 */
import { clean } from "./cue.js";
import { groupAt, segmentsOf } from "./segments.js";

const maxShortText = 240;

const number =
  /(?<![\w.])[-−]?\s?(?:[$€£]\s?)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:\s*\/\s*\d+(?:\.\d+)?)?(?:\s?%)?|(?<![\w.])-?\.\d+/g;

export function concludedAnswer(text: string): string | undefined {
  const paragraph = text.trim().split(/\n+/).at(-1)?.trim() ?? "";
  const isShort = text.trim().length <= maxShortText;
  if (!isShort && !/[.!?)\]$*}]["']?$/.test(paragraph)) return undefined;
  const bold = [...paragraph.matchAll(/\*\*([^*]+)\*\*/g)].at(-1);
  if (bold && !/:$/.test(bold[1] as string)) {
    const inside = withoutProse(bold[1] as string);
    if (inside !== undefined) return inside;
  }
  const segments = segmentsOf(text);
  const last = segments.at(-1);
  const lastStart = text.lastIndexOf(paragraph);
  if (last && (last.end > lastStart || text.slice(last.end).trim().length < 40)) {
    const after = text.slice(last.end);
    const laterNumber = [...after.matchAll(number)].at(-1);
    if (!laterNumber) return clean(groupAt(text, segments, segments.length - 1));
  }
  return withoutProse(paragraph);
}

/** The relation or number that a sentence ends with. */
function withoutProse(sentence: string): string | undefined {
  const segments = segmentsOf(sentence);
  if (segments.length > 0) return clean(groupAt(sentence, segments, segments.length - 1));
  const choice = /\(([A-E])\)[.\s]*$/.exec(sentence);
  if (choice) return `(${choice[1]})`;
  // LaTeX without delimiters: the run of mathematics that ends the sentence.
  const tail =
    /(?:^|\s)((?:[^\s\\a-zA-Z]|\\[a-zA-Z]+\s?|\{[^{}]*\}|\b[a-zA-Z]\b|(?<=[\d+*/=-])\s|\s(?=[=+*/<>\\-]))*)[.\s]*$/.exec(
      sentence.slice(-600),
    );
  const run = tail?.[1]?.trim();
  if (run && /\\[a-zA-Z]|[=^]/.test(run) && /[\d)}a-zA-Z]$/.test(run)) return clean(run);
  const numbers = [...sentence.matchAll(number)];
  const found = numbers.at(-1)?.[0].trim();
  return found === undefined ? undefined : clean(found);
}
