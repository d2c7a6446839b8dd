/**
 * Scores of a model that was trained little lie close together and would all have one colour. Stretched, the colours go over
 * the range in which nearly all of the model's step scores lie.
 */
import type { ShownSolution } from "../report-data.js";

export interface ScoreRange {
  low: number;
  high: number;
}

export const wholeRange: ScoreRange = { low: 0, high: 1 };

/** Share of the scores that may lie outside at either end. */
const outside = 0.02;

/** Of the model's step scores in the report; the whole range where there are no two different ones. */
export function scoreRange(solutions: readonly ShownSolution[], model: number): ScoreRange {
  const scores = solutions
    .flatMap((solution) => solution.scores.find((one) => one.model === model)?.stepScores ?? [])
    .sort((a, b) => a - b);
  const low = scores[Math.floor(outside * (scores.length - 1))];
  const high = scores[Math.ceil((1 - outside) * (scores.length - 1))];
  return low !== undefined && high !== undefined && high > low ? { low, high } : wholeRange;
}

/** The place of a score in the range, 0 to 1. */
export function placeIn({ low, high }: ScoreRange, score: number): number {
  return Math.min(1, Math.max(0, (score - low) / (high - low)));
}

export const isNarrow = ({ low, high }: ScoreRange) => high - low < 0.4;
