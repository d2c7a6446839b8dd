/**
 * Our own solutions are cut on the tokens that were sampled, never tokenised again: a prefix that is rolled out must be
 * the very tokens that the policy wrote. The rule: a step ends with the first token whose last byte reaches the step's
 * end in the text; if that token ends inside a UTF-8 character, with the next token that does not. A token that reaches
 * over the end takes the next step's first bytes with it ("moved").
 */
import { expectInteger } from "../check.js";
import {
  byteString,
  concatenateBytes,
  continuesCharacter,
  type RaggedBytes,
  raggedEntry,
  utf8Decode,
} from "./bytes.js";
import { blankTail, isBlank, stepEndPositions } from "./split-steps.js";
import type { StepRule } from "./step-rule.js";

export interface CutSolution {
  /** The bytes of the steps' tokens; their concatenation is the decoded solution, special tokens left out. */
  steps: string[];
  /** `stepEnds[i]` = number of tokens up to and with step i; strictly rising, the last one is the number of tokens. */
  stepEnds: number[];
  /** Steps whose end in the text is not the end of a token. */
  numMoved: number;
}

/**
 * Number of tokens up to and with each end in the text. `tokenEnds` are the tokens' ends in `bytes`; `ends` rise.
 * Ends that fall into one token come out equal.
 */
export function alignEnds(
  ends: readonly number[],
  tokenEnds: ArrayLike<number>,
  bytes: Uint8Array,
): { counts: number[]; numMoved: number } {
  let numMoved = 0;
  let token = 0;
  const counts = ends.map((end) => {
    const reaches = (index: number) => {
      const position = tokenEnds[index] as number;
      return position >= end && (position === bytes.length || !continuesCharacter(bytes[position] as number));
    };
    while (token < tokenEnds.length - 1 && !reaches(token)) token++;
    if ((tokenEnds[token] as number) !== end) numMoved++;
    return token + 1;
  });
  return { counts, numMoved };
}

/**
 * Cuts a sampled solution into steps. `tokenBytes` is the tokenizer's table; ids beyond it, and special tokens, have no
 * bytes: an end token belongs to the last step. No tokens, no steps; tokens without any bytes are one empty step.
 * @throws ERPRM_INVALID_ARGUMENT for an id that is negative or not an integer
 */
export function cutSolution(tokenIds: ArrayLike<number>, tokenBytes: RaggedBytes, rule: StepRule): CutSolution {
  const numTokens = tokenIds.length;
  if (numTokens === 0) return { steps: [], stepEnds: [], numMoved: 0 };
  const size = tokenBytes.offsets.length - 1;
  const tokenEnds = new Int32Array(numTokens);
  const parts = Array.from(tokenIds, (id, index) => {
    expectInteger(`tokenIds[${index}]`, id);
    const part = id < size ? raggedEntry(tokenBytes, id) : new Uint8Array(0);
    tokenEnds[index] = (index === 0 ? 0 : (tokenEnds[index - 1] as number)) + part.length;
    return part;
  });
  const bytes = concatenateBytes(parts);
  const text = byteString(bytes);
  // The last step has the last token, whatever follows its text.
  const inner = stepEndPositions(text, rule, { asBytes: true }).slice(0, -1);
  const { counts, numMoved } = alignEnds(inner, tokenEnds, bytes);

  const stepEnds: number[] = [];
  const blankFrom = blankTail(text);
  let start = 0;
  for (const count of counts) {
    const end = tokenEnds[count - 1] as number;
    // A moved end may leave only white space, or nothing, for the step after it: such a step joins its neighbour.
    if (end >= blankFrom) break;
    if (end <= start) continue;
    if (!isBlank(text, start, end)) stepEnds.push(count);
    else if (stepEnds.length > 0) stepEnds[stepEnds.length - 1] = count;
    else continue;
    start = end;
  }
  stepEnds.push(numTokens);

  let from = 0;
  const steps = stepEnds.map((count) => {
    const to = tokenEnds[count - 1] as number;
    const step = utf8Decode(bytes.subarray(from, to));
    from = to;
    return step;
  });
  return { steps, stepEnds, numMoved };
}
