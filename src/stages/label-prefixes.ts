/**
 * What the counts of labelled solutions say about prefixes: success rates to hold step scores against, and first wrong steps.
 */
import { type Placed, placedError } from "../data/placed.js";
import type { GradedSolution } from "../data/read-graded.js";
import type { Records } from "../training/build-examples.js";
import type { Allocation, Outcome, StepCounts } from "../types.js";
import { byKey, named } from "./evaluation-pool.js";

/** A labelled solution of the pool. */
export interface CountedSolution {
  key: string;
  problemId: string;
  counts: readonly StepCounts[];
  /** Absent: the same number of completions for every prefix. */
  allocation?: Allocation | undefined;
}

/**
 * The labelled solutions, in order. Not every solution of the pool needs to be labelled.
 * @throws ERPRM_INVALID_DATA {file, line} for one that is not of the pool, has no counts, other steps or another outcome
 */
export async function matchLabels(
  solutions: ReadonlyMap<string, Placed<GradedSolution>>,
  labels: Records<Placed<GradedSolution>>,
): Promise<CountedSolution[]> {
  const counted: CountedSolution[] = [];
  for (const [key, record] of await byKey(labels)) {
    const solution = solutions.get(key);
    const { problemId, counts, steps, outcome, allocation } = record;
    if (!solution) {
      throw placedError(
        `Expected labels of the solutions that are evaluated, received ${named(record)}`,
        record,
        "problemId",
      );
    }
    if (!counts) {
      throw placedError(
        `Expected labelled steps with their counts, received texts in ${named(record)}`,
        record,
        "steps",
      );
    }
    if (steps.length !== solution.steps.length || steps.some((text, t) => text !== solution.steps[t])) {
      throw placedError(`Expected the steps of the solution ${named(record)}, received others`, record, "steps");
    }
    if (outcome !== solution.outcome) {
      const message = `Expected outcome to be ${solution.outcome}, as of the solution ${named(record)}, received ${outcome}`;
      throw placedError(message, record, "outcome");
    }
    counted.push({ key, problemId, counts, allocation });
  }
  return counted;
}

/**
 * The steps whose prefix was completed: they have completions and are not terminal. A terminal step's one count is the
 * solution's own outcome, nothing that was measured of its prefix.
 */
export function measuredSteps(counts: readonly StepCounts[]): { step: number; successRate: number }[] {
  return [...counts.entries()]
    .filter(([, { numCompletions, terminal }]) => numCompletions > 0 && !terminal)
    .map(([step, { numCompletions, numCorrect }]) => ({ step, successRate: numCorrect / numCompletions }));
}

/**
 * The first wrong step by completions: the step after the last prefix from which one was right, the outcome counted as the
 * completion of the whole solution. -1: the outcome is right. Undefined where that step was not measured.
 */
export function firstWrongStep(counts: readonly StepCounts[]): number | undefined {
  const lastRight = counts.findLastIndex(({ numCorrect }) => numCorrect > 0);
  const next = counts[lastRight + 1];
  if (!next) return -1;
  return next.numCompletions > 0 ? lastRight + 1 : undefined;
}

/**
 * Problems of which a completion or a solution was right, labelled or not: of the others nobody knows whether a step or the
 * problem is at fault.
 */
export function solvedProblems(
  counted: readonly CountedSolution[],
  solutions: Iterable<{ problemId: string; outcome: Outcome }>,
): Set<string> {
  const solved = new Set<string>();
  for (const { problemId, counts } of counted)
    if (counts.some(({ numCorrect }) => numCorrect > 0)) solved.add(problemId);
  for (const { problemId, outcome } of solutions) if (outcome === 1) solved.add(problemId);
  return solved;
}
