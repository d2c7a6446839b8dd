/** What makes a problem hard: its number of steps, the size of its numbers, and facts that nobody needs. */

export const difficulties = ["small-numbers", "easy", "default", "hard"] as const;
export type Difficulty = (typeof difficulties)[number];

export interface Size {
  /** One entry is drawn: how many calculations lead to the answer. */
  numSteps: readonly number[];
  /** Bounds of factors: numbers of boxes, days, prices. */
  small: readonly [number, number];
  /** Bounds of amounts that are added and taken away. */
  medium: readonly [number, number];
  /** No number of the problem or its solution exceeds it, percentages apart. */
  limit: number;
  /** One entry is drawn: sentences with numbers that have nothing to do with the question. */
  numDistractors: readonly number[];
  /** Numbers of the story itself that the question does not need. */
  maxUnused: number;
}

export const sizes: Record<Difficulty, Size> = {
  /** Sums of single digits nearly all: what a reward model of a few million weights can learn to check. */
  "small-numbers": {
    numSteps: [2, 3, 3, 4],
    small: [2, 4],
    medium: [2, 9],
    limit: 24,
    numDistractors: [0],
    maxUnused: 0,
  },
  easy: { numSteps: [2, 2, 2, 3], small: [2, 5], medium: [4, 30], limit: 100, numDistractors: [0], maxUnused: 0 },
  default: {
    numSteps: [2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 7],
    small: [2, 9],
    medium: [6, 60],
    limit: 800,
    numDistractors: [0, 0, 0, 1, 1],
    maxUnused: 2,
  },
  hard: {
    numSteps: [4, 5, 6, 7],
    small: [3, 12],
    medium: [15, 200],
    limit: 9999,
    numDistractors: [1, 2, 3],
    maxUnused: 4,
  },
};
