/** Ragged sequences for benchmarks on a card: lengths of real solutions, stretched to those of longer problems. */
import { randomNumbers } from "../../support/random-numbers.js";
import { solutionLengths } from "../solution-lengths.js";

export interface DeviceSequence {
  ids: number[];
  promptTokens: number;
  /** Index of the last token of each step. */
  stepEnds: number[];
}

/** `count` sequences from the `first`-th on, each `stretch` times as long as it is in the list, at most `mostTokens`. */
export function raggedSequences(
  size: { vocabulary: number; stretch: number; mostTokens: number },
  first: number,
  count: number,
): DeviceSequence[] {
  const random = randomNumbers(first + 1);
  return solutionLengths("ragged", first, count).map(({ promptTokens, stepEnds }) => {
    const ends = stepEnds.map((end) => (promptTokens + end) * size.stretch - 1).filter((end) => end < size.mostTokens);
    const length = Math.min((promptTokens + (stepEnds.at(-1) as number)) * size.stretch, size.mostTokens);
    return {
      ids: Array.from({ length }, () => Math.floor(random() * size.vocabulary)),
      promptTokens: Math.min(promptTokens * size.stretch, length - 1),
      stepEnds: ends.length > 0 ? ends : [length - 1],
    };
  });
}
