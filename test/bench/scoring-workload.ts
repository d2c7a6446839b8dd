/** What both sides score in the scoring benchmark: two-way scores at the last token of each step. */
import { randomNumbers } from "../support/random-numbers.js";
import { type LengthKind, solutionLengths } from "./solution-lengths.js";

export interface BenchSolution {
  ids: number[];
  /** Indices into `ids` where a score is read. */
  positions: number[];
}

export interface ScoringWorkload {
  /** A directory. */
  model: string;
  threads: number;
  /** [positive, negative] */
  candidates: [number, number];
  solutions: BenchSolution[];
  /** Solutions of a padded batch. */
  batchSize: number;
  /** Tokens of a packed call. */
  batchTokens: number;
}

export function solutionsToScore(kind: LengthKind, vocabularySize: number, count: number): BenchSolution[] {
  const random = randomNumbers(2);
  return solutionLengths(kind, 0, count).map(({ promptTokens, stepEnds }) => ({
    ids: Array.from({ length: promptTokens + (stepEnds.at(-1) as number) }, () =>
      Math.floor(random() * vocabularySize),
    ),
    positions: stepEnds.map((end) => promptTokens + end - 1),
  }));
}
