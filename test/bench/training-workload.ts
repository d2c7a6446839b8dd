/** What both sides train in the training benchmark. */
import { randomNumbers } from "../support/random-numbers.js";
import { type LengthKind, solutionLengths } from "./solution-lengths.js";

export interface BenchSequence {
  ids: number[];
  /** These first tokens do not enter the loss. */
  promptTokens: number;
}

export interface TrainingWorkload {
  /** A directory. */
  model: string;
  threads: number;
  gradientCheckpointing: boolean;
  learningRate: number;
  weightDecay: number;
  maxGradientNorm: number;
  /** One list an update; the first update is a warm-up and not timed. */
  updates: BenchSequence[][];
}

export function trainingUpdates(
  kind: LengthKind,
  vocabularySize: number,
  numUpdates: number,
  numSequences: number,
): BenchSequence[][] {
  const random = randomNumbers(1);
  return Array.from({ length: numUpdates }, (_, update) =>
    solutionLengths(kind, update * numSequences, numSequences).map(({ promptTokens, stepEnds }) => ({
      ids: Array.from({ length: promptTokens + (stepEnds.at(-1) as number) }, () =>
        Math.floor(random() * vocabularySize),
      ),
      promptTokens,
    })),
  );
}
