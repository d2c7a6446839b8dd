/**
 * An evaluation small enough to compute by hand: ties, answers written in two ways, no answer at all, a problem in which all is
 * wrong, and one with fewer candidates than the others.
 */
import type { GradedSolution } from "../../src/data/read-graded.js";
import { aggregate, aggregates } from "../../src/data/selection.js";
import type { Outcome, ScoreRecord } from "../../src/types.js";

const candidate = (
  problemId: string,
  index: number,
  answer: string | undefined,
  outcome: Outcome,
  stepScores: number[],
) => ({
  record: {
    ...{ problemId, index, question: `What is ${problemId}?`, answer: "4", outcome },
    steps: stepScores.map((_, t) => (t + 1 < stepScores.length ? `Step ${t}.\n` : "So on it goes")),
    ...(answer !== undefined && { finalAnswer: answer }),
  },
  stepScores,
});

/** Minima of the step scores: a: .9 .9 .3 .2, b: .4 .5 .5 .5, c: .2 .8 */
const candidates = [
  candidate("a", 0, "4", 1, [0.99, 0.9]),
  candidate("a", 1, "5", 0, [0.95, 0.9]),
  candidate("a", 2, "10/2", 0, [0.3]),
  candidate("a", 3, undefined, 0, [0.2]),
  candidate("b", 0, "1", 0, [0.5, 0.4]),
  candidate("b", 1, "2", 0, [0.5]),
  candidate("b", 2, "3", 0, [0.5]),
  candidate("b", 3, "1", 0, [0.5]),
  candidate("c", 0, "4.0", 1, [0.2, 0.6]),
  candidate("c", 1, "8", 0, [0.9, 0.8]),
];

export const handSolutions = candidates.map(({ record }) => record);

export const handScores: ScoreRecord[] = candidates.map(({ record: { problemId, index }, stepScores }) => ({
  ...{ problemId, index, model: "hand", stepScores },
  scores: Object.fromEntries(aggregates.map((how) => [how, aggregate(stepScores, how)])) as ScoreRecord["scores"],
}));

/** Right completions of 4 from the first step on, of the solutions with two steps. */
const numCorrect: Record<string, number> = { "a 0": 3, "a 1": 1, "b 0": 0, "c 0": 2, "c 1": 2 };

/** Label records of half of the solutions. */
export const handLabels = handSolutions.flatMap(({ steps, ...record }) => {
  const right = numCorrect[`${record.problemId} ${record.index}`];
  if (right === undefined) return [];
  const counts = [
    { text: steps[0] as string, numCompletions: 4, numCorrect: right },
    { text: steps[1] as string, numCompletions: 1, numCorrect: record.outcome, terminal: true as const },
  ];
  return [{ ...record, steps: counts, labels: { soft: [right / 4, record.outcome] } }];
});

/** As the reader of graded solutions has them. */
export const handLabelled: GradedSolution[] = handLabels.map(({ steps, labels, answer, ...record }) => ({
  ...record,
  steps: steps.map(({ text }) => text),
  counts: steps,
}));

/** By rule: the mean accuracy over problems at N = 1, 2, 4. Only a and b have 4 candidates. */
export const handAccuracies: Record<string, number[]> = {
  "pass@1": [(1 / 4 + 0 + 1 / 2) / 3, (1 / 4 + 0 + 1 / 2) / 3, (1 / 4 + 0) / 2],
  // Of a's 6 pairs: {0,1} and {0,2} are ties, {0,3} has one vote. c: a tie. N = 4: 5 and 10/2 vote together.
  majority: [(1 / 4 + 0 + 1 / 2) / 3, (2 / 6 + 0 + 1 / 2) / 3, 0],
  // Of a's pairs: {0,1} is a tie of the scores, {0,2} and {0,3} are won. c: the wrong one scores higher.
  "best-of-n": [(1 / 4 + 0 + 1 / 2) / 3, (2.5 / 6 + 0 + 0) / 3, (1 / 2 + 0) / 2],
  // As best-of-n, but at N = 4 the two wrong ones have 1.2 against 0.9.
  "weighted-vote": [(1 / 4 + 0 + 1 / 2) / 3, (2.5 / 6 + 0 + 0) / 3, 0],
  // 1 - C(3, 2) / C(4, 2) of a.
  "pass@n": [(1 / 4 + 0 + 1 / 2) / 3, (3 / 6 + 0 + 1) / 3, (1 + 0) / 2],
};

export const jsonLines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("");
