/**
 * A solution's text, cut into steps. Loss-free: the steps laid end to end are the text. A delimiter stays at the end of
 * its step; a piece of nothing but white space joins the step before it (the step after it, at the start of a text).
 * Lines and paragraphs are never cut inside a display block (display-blocks.ts).
 *
 * White space means ASCII white space, and all patterns are ASCII: the same code cuts text (positions in characters) and
 * its UTF-8 bytes read as one character a byte (positions in bytes), and both give the same steps.
 */
import { byteString, utf8Encode } from "./bytes.js";
import { type Block, displayBlocks } from "./display-blocks.js";
import type { StepRule } from "./step-rule.js";

const ends = {
  newline: /\n/g,
  "blank-line": /\n(?:[ \t\r\f\v]*\n)+/g,
} as const;

/** A line that opens a step, with the marks that Markdown may put in front. */
const stepHeading = /(?:^|\n)(?=[#>*_ \t-]*(?:Step|STEP|step)[ \t]+[0-9]+[ \t]*(?:\*\*|__)?[ \t]*[:.)])/g;

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** Every position where the rule ends a step, ascending; display blocks and blank pieces not yet considered. */
function candidateEnds(text: string, rule: Exclude<StepRule, { kind: "auto" }>): number[] {
  switch (rule.kind) {
    case "newline":
    case "blank-line":
      return Array.from(text.matchAll(ends[rule.kind]), (found) => found.index + found[0].length);
    case "step-number":
      return Array.from(text.matchAll(stepHeading), (found) => found.index + found[0].length);
    case "tag": {
      // Line ends after a tag are its delimiter; a space is not, it belongs to the next word (and to that word's token).
      const tag = new RegExp(`${escapePattern(rule.tag)}(?:[ \\t\\r\\f\\v]*\\n)*`, "g");
      return Array.from(text.matchAll(tag), (found) => found.index + found[0].length);
    }
  }
}

/** Nothing but ASCII white space from `start` to `end`. */
export function isBlank(text: string, start: number, end: number): boolean {
  return /^[ \t\n\r\f\v]*$/.test(text.slice(start, end));
}

/** Where the white space at the end of a text starts. */
export function blankTail(text: string): number {
  let start = text.length;
  while (start > 0 && isBlank(text, start - 1, start)) start--;
  return start;
}

function outsideBlocks(positions: number[], blocks: readonly Block[]): number[] {
  let next = 0;
  return positions.filter((position) => {
    while (next < blocks.length && (blocks[next] as Block)[1] <= position) next++;
    const block = blocks[next];
    return block === undefined || position <= block[0];
  });
}

/** End positions of the steps; the last one is the text's length. Empty for an empty text. */
function endsByRule(text: string, rule: Exclude<StepRule, { kind: "auto" }>): number[] {
  if (text === "") return [];
  let positions = candidateEnds(text, rule);
  if (rule.kind === "newline" || rule.kind === "blank-line") positions = outsideBlocks(positions, displayBlocks(text));
  const found: number[] = [];
  let start = 0;
  for (const end of [...positions, text.length]) {
    if (end <= start) continue;
    if (!isBlank(text, start, end)) found.push(end);
    else if (found.length > 0) found[found.length - 1] = end;
    else if (end < text.length) continue;
    else found.push(end);
    start = end;
  }
  return found;
}

/**
 * End positions of the steps of a text, strictly rising to the text's length. With `asBytes` the text is UTF-8 read as
 * one character a byte (`byteString`).
 */
export function stepEndPositions(text: string, rule: StepRule, { asBytes = false } = {}): number[] {
  if (rule.kind === "auto") {
    const paragraphs = endsByRule(text, { kind: "blank-line" });
    return paragraphs.length >= 3 ? paragraphs : endsByRule(text, { kind: "newline" });
  }
  if (rule.kind === "tag" && asBytes) return endsByRule(text, { kind: "tag", tag: byteString(utf8Encode(rule.tag)) });
  return endsByRule(text, rule);
}

/** The steps of a text; their concatenation is the text. An empty text has none. */
export function splitSteps(text: string, rule: StepRule): string[] {
  let start = 0;
  return stepEndPositions(text, rule).map((end) => {
    const step = text.slice(start, end);
    start = end;
    return step;
  });
}

function withTag(step: string, tag: string): string {
  const bare = step.trimEnd();
  if (bare.endsWith(tag.trimEnd())) return step;
  return /^\s/.test(tag) ? bare + tag : `${bare} ${tag}`;
}

/**
 * Steps from elsewhere, made whole: each but the last ends with the rule's delimiter where it has no white space at its
 * end, so that their concatenation is the solution's text. With the tag rule every step, the last one too, carries the
 * tag (a space in front). `auto` joins lines, or paragraphs when a step has several lines.
 */
export function joinSteps(steps: readonly string[], rule: StepRule): string[] {
  const hasLines = steps.some((step) => step.trim().includes("\n"));
  const delimiter = rule.kind === "blank-line" || (rule.kind === "auto" && hasLines) ? "\n\n" : "\n";
  return steps.map((step, index) => {
    const tagged = rule.kind === "tag" ? withTag(step, rule.tag) : step;
    return index === steps.length - 1 || /[ \t\n\r\f\v]$/.test(tagged) ? tagged : tagged + delimiter;
  });
}
