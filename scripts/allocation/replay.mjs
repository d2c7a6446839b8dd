/**
 * Any allocation on outcomes that were sampled before. A prefix's completions are the first ones of its random stream, so
 * what a run with an allocation would have sampled is the beginning of a longer measurement: taken from its completion 0 on,
 * the replay has the very counts of the run; taken from another one on, those of a run with another seed.
 */
import { readFileSync } from "node:fs";
import { nextRound } from "../../dist/src/labeling/allocation.js";
import { inferredFrom } from "../../dist/src/labeling/first-error.js";

export function records(path) {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const keyOf = ({ problemId, index }) => `${problemId} ${index}`;

/** The solutions of two label runs: pool[t][k] is the outcome of completion k of prefix t, reference[t] its counts. */
export function pooledSolutions(poolDirectory, referenceDirectory) {
  const outcomes = new Map();
  for (const completion of records(`${poolDirectory}/completions.jsonl`)) {
    const key = keyOf(completion);
    if (!outcomes.has(key)) outcomes.set(key, []);
    const ofSolution = outcomes.get(key);
    ofSolution[completion.stepIndex] ??= [];
    ofSolution[completion.stepIndex][completion.completionIndex] = completion.outcome;
  }
  return records(`${referenceDirectory}/labels.jsonl`).map((record) => ({
    problemId: record.problemId,
    index: record.index,
    outcome: record.outcome,
    reference: record.steps.filter((step) => !step.terminal),
    pool: outcomes.get(keyOf(record)) ?? [],
  }));
}

/** The steps (without the last) that a label record would have; completions are taken from `offset` on, around the end. */
export function replay(allocation, { pool, outcome }, offset = 0) {
  const counts = pool.map(() => ({ numCompletions: 0, numCorrect: 0 }));
  for (;;) {
    const wanted = nextRound(allocation, counts, outcome);
    if (wanted.every((count) => count === 0)) break;
    for (const [t, count] of counts.entries()) {
      for (let i = 0; i < wanted[t]; i++) {
        count.numCorrect += pool[t][(offset + count.numCompletions) % pool[t].length];
        count.numCompletions += 1;
      }
    }
  }
  return counts.map((count, t) =>
    count.numCompletions > 0 ? count : { ...count, inferredFrom: inferredFrom(counts, t) },
  );
}

/** @throws when a run that was really done has other counts than its replay */
export function expectSameCounts(directory, allocation, solutions) {
  const run = new Map(records(`${directory}/labels.jsonl`).map((record) => [keyOf(record), record]));
  for (const solution of solutions) {
    const steps = run.get(keyOf(solution)).steps.filter((step) => !step.terminal);
    const there = steps.map(({ text: _, ...counts }) => counts);
    if (JSON.stringify(there) !== JSON.stringify(replay(allocation, solution))) {
      throw new Error(`${directory} and its replay differ in solution ${keyOf(solution)}`);
    }
  }
  return run.size;
}
