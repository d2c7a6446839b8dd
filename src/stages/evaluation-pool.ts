/**
 * Joins graded solutions with the scores of every model, one to one: a solution without a score, a score without a solution
 * and a score of another number of steps are errors, for leaving one out would change what is compared.
 */
import { type Placed, placedError } from "../data/placed.js";
import type { GradedSolution } from "../data/read-graded.js";
import { solutionKey } from "../data/read-solutions.js";
import { aggregate, aggregates } from "../data/selection.js";
import type { Candidate, CandidatePool, PooledProblem } from "../evaluation/pool.js";
import { abortedError } from "../policy/native-call.js";
import type { Records } from "../training/build-examples.js";
import type { Aggregate, ScoreRecord } from "../types.js";
import { answerGroups } from "./answer-groups.js";
import type { OutcomeGrader } from "./outcomes.js";

/** What the scores of one solution are kept as. */
export type StepScores = readonly number[];

/** `(3, "p1")`, as messages name a solution. */
export function named({ problemId, index }: { problemId: string; index: number }): string {
  return `(${problemId}, ${index})`;
}

/** The records by their key, in order. @throws ERPRM_INVALID_DATA for a repeated (problemId, index) */
export async function byKey<T extends { problemId: string; index: number }>(
  records: Records<Placed<T>>,
): Promise<Map<string, Placed<T>>> {
  const known = new Map<string, Placed<T>>();
  for await (const record of records) {
    const key = solutionKey(record);
    if (known.has(key)) {
      throw placedError(`Expected (problemId, index) to be unique, received ${named(record)} again`, record, "index");
    }
    known.set(key, record);
  }
  return known;
}

/**
 * Step scores of one model by solution key.
 * @throws ERPRM_INVALID_DATA {file, line} for whatever does not fit the solutions
 */
export async function matchScores(
  model: string,
  solutions: ReadonlyMap<string, Placed<{ problemId: string; index: number; steps: readonly unknown[] }>>,
  scores: Records<Placed<ScoreRecord>>,
): Promise<Map<string, StepScores>> {
  const matched = new Map<string, StepScores>();
  const records = await byKey(scores);
  for (const [key, record] of records) {
    const solution = solutions.get(key);
    if (!solution) {
      throw placedError(
        `Expected a solution for every score of ${model}, found none for ${named(record)}`,
        record,
        "problemId",
      );
    }
    const [expected, received] = [solution.steps.length, record.stepScores.length];
    if (expected !== received) {
      const message = `Expected one score of ${model} for each of the ${expected} steps of ${named(record)}, received ${received}`;
      throw placedError(message, record, "stepScores");
    }
    matched.set(key, record.stepScores);
  }
  expectAllScored(model, solutions, matched, [...records.values()][0]?.place?.file);
  return matched;
}

/** @param file that the scores are from, where it is known */
function expectAllScored(
  model: string,
  solutions: ReadonlyMap<string, Placed<{ problemId: string; index: number }>>,
  scored: ReadonlyMap<string, StepScores>,
  file: string | undefined,
): void {
  const missing = [...solutions].filter(([key]) => !scored.has(key)).map(([, solution]) => solution);
  const [first] = missing;
  if (!first) return;
  const wanted = `${file === undefined ? "" : `${file} to have `}a score of ${model} for every solution`;
  const advice = "all methods choose among the same solutions: score these too, or take them out of the solutions";
  const { problemId, index } = first;
  throw placedError(
    `Expected ${wanted}, found none for ${missing.length} of ${solutions.size} (${advice}); the first is solution ${index} of problem ${JSON.stringify(problemId)}`,
    first,
    "index",
  );
}

export interface PoolOptions {
  grader: OutcomeGrader;
  /** Is told of how many problems the answers are grouped. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The candidates of every problem, problems and candidates in the order of the file.
 * @throws ERPRM_INVALID_DATA for a model that scored a solution without steps
 */
export async function poolOf(
  solutions: ReadonlyMap<string, Placed<GradedSolution>>,
  models: readonly { name: string; stepScores: ReadonlyMap<string, StepScores> }[],
  { grader, onProgress, signal }: PoolOptions,
): Promise<CandidatePool> {
  const ofProblem = new Map<string, Placed<GradedSolution>[]>();
  for (const solution of solutions.values()) {
    const known = ofProblem.get(solution.problemId);
    if (known) known.push(solution);
    else ofProblem.set(solution.problemId, [solution]);
  }
  const problems: PooledProblem[] = [];
  for (const [problemId, own] of ofProblem) {
    if (signal?.aborted) throw abortedError(signal);
    onProgress?.(problems.length, ofProblem.size);
    const groups = await answerGroups(own, grader);
    const candidates = own.map((solution, i): Candidate => {
      const scores = models.map(({ name, stepScores }) => allAggregates(name, solution, stepScores));
      const { outcome, steps } = solution;
      return { outcome, answerGroup: groups[i] as number, numSteps: steps.length, scores };
    });
    problems.push({ problemId, candidates });
  }
  return { models: models.map(({ name }) => name), problems };
}

/** Computed anew, so that all models' solution scores are made in one way. */
function allAggregates(
  model: string,
  solution: Placed<GradedSolution>,
  stepScores: ReadonlyMap<string, StepScores>,
): Record<Aggregate, number> {
  const own = stepScores.get(solutionKey(solution)) ?? [];
  if (own.length === 0) {
    throw placedError(
      `Expected steps that ${model} can be asked about, found none in ${named(solution)}`,
      solution,
      "steps",
    );
  }
  return Object.fromEntries(aggregates.map((how) => [how, aggregate(own, how)])) as Record<Aggregate, number>;
}
