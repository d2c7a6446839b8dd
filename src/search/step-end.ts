/**
 * Where a step that is being sampled has ended. Whole solutions are cut with all of their text in sight
 * (src/text/cut-solution.ts); here only what was sampled so far is there, and an end that was acted upon stays. So a step
 * ends where the rule says so whatever follows: not inside a display block that is still open, not inside a UTF-8
 * character, and not while the step is blank.
 */
import { failArgument } from "../check.js";
import { byteString, concatenateBytes, type RaggedBytes, raggedEntry } from "../text/bytes.js";
import { alignEnds } from "../text/cut-solution.js";
import { openBlockStart } from "../text/display-blocks.js";
import { isBlank, stepEndPositions } from "../text/split-steps.js";
import type { StepRule } from "../text/step-rule.js";

/** `auto` looks at the number of paragraphs of the whole solution, which nobody knows while it is written. */
export type LocalStepRule = Exclude<StepRule, { kind: "auto" }>;

export const defaultSearchRule: LocalStepRule = { kind: "newline" };

/** @throws ERPRM_INVALID_ARGUMENT for `auto` */
export function expectLocalRule(rule: StepRule, name = "split"): LocalStepRule {
  if (rule.kind !== "auto") return rule;
  return failArgument(name, "newline, blank-line, step-number or tag:TEXT: a search cuts as it samples", "auto");
}

/** Texts to stop sampling at: no step ends without one of them, and little is sampled beyond its end. */
export function stepStops(rule: LocalStepRule): string[] {
  switch (rule.kind) {
    case "tag":
      return [rule.tag];
    case "blank-line":
      return ["\n\n"];
    default:
      // A step ends in front of the line that opens the next one: that line is sampled, and then thrown away.
      return ["\n"];
  }
}

export interface SolutionBytes {
  bytes: Uint8Array;
  /** End of each token in `bytes`; ids that are not in the table, and special tokens, have no bytes. */
  tokenEnds: Int32Array;
}

export function solutionBytes(tokenIds: readonly number[], table: RaggedBytes): SolutionBytes {
  const size = table.offsets.length - 1;
  const tokenEnds = new Int32Array(tokenIds.length);
  const parts = tokenIds.map((id, i) => {
    const part = id < size ? raggedEntry(table, id) : new Uint8Array(0);
    tokenEnds[i] = (i === 0 ? 0 : (tokenEnds[i - 1] as number)) + part.length;
    return part;
  });
  return { bytes: concatenateBytes(parts), tokenEnds };
}

/** The last character's bytes are not all there. */
function endsInsideCharacter(bytes: Uint8Array): boolean {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back;
  }
  return false;
}

/** Stands for whatever follows: any text that is not blank. */
const whatFollows = "x";

/**
 * Number of tokens up to and with the end of the first step that ends behind the first `from` tokens; undefined while
 * none has. The last step has no such end: it ends with the solution.
 */
export function firstStepEnd(
  { bytes, tokenEnds }: SolutionBytes,
  from: number,
  rule: LocalStepRule,
): number | undefined {
  const start = from === 0 ? 0 : (tokenEnds[from - 1] as number);
  const text = byteString(bytes);
  const hasBlocks = rule.kind === "newline" || rule.kind === "blank-line";
  const open = hasBlocks ? openBlockStart(text) : text.length;
  const ends = stepEndPositions(text + whatFollows, rule, { asBytes: true }).slice(0, -1);
  const end = ends.find((position) => position > start && position <= open && !isBlank(text, start, position));
  if (end === undefined) return undefined;
  const [count = 0] = alignEnds([end], tokenEnds, bytes).counts;
  const isLast = tokenEnds[count - 1] === bytes.length;
  return isLast && endsInsideCharacter(bytes) ? undefined : count;
}
