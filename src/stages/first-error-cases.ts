/** Finding first wrong steps: in labelled solutions, and in files whose solutions have a first wrong step. */
import { failArgument } from "../check.js";
import type { Placed } from "../data/placed.js";
import type { FirstErrorSolution } from "../data/read-process-bench.js";
import { allCountBiases, countBiasesOf } from "../evaluation/count-bias.js";
import type { FirstErrorResult } from "../evaluation/evaluation.js";
import { type FirstErrorOptions, firstErrorResults } from "../evaluation/first-error.js";
import type { FirstErrorCase } from "../evaluation/pool.js";
import type { Records } from "../training/build-examples.js";
import { QuestionGroups } from "../training/question-groups.js";
import type { ScoreRecord } from "../types.js";
import { byKey, matchScores, type StepScores } from "./evaluation-pool.js";
import { type CountedSolution, firstWrongStep } from "./label-prefixes.js";

/** Solutions with known first wrong steps, and models' scores of them. */
export interface FirstErrorFile {
  /** Unique; not `labels` or `mean`. */
  name: string;
  solutions: Records<Placed<FirstErrorSolution>>;
  /** By the models' names; a model without scores here is not held against this data. */
  scores: Readonly<Record<string, Records<Placed<ScoreRecord>>>>;
}

interface Model {
  name: string;
  /** By solution key. */
  stepScores: ReadonlyMap<string, StepScores>;
}

/**
 * One result a model; none where the counts tell no first wrong step.
 * @param solved problems of which anything was right: the labelled solutions of others are left out
 * @throws as `firstErrorResults`
 */
export async function firstErrorsInLabels(
  counted: readonly CountedSolution[],
  solved: ReadonlySet<string>,
  models: readonly Model[],
  options: FirstErrorOptions,
): Promise<FirstErrorResult[]> {
  const usable = counted.flatMap(({ key, problemId, counts, allocation }) => {
    const firstWrong = solved.has(problemId) ? firstWrongStep(counts) : undefined;
    return firstWrong === undefined ? [] : [{ key, problemId, firstWrong, allocation }];
  });
  const biases = allCountBiases(usable.map(({ allocation }) => countBiasesOf(allocation)));
  const results: FirstErrorResult[] = [];
  if (usable.length === 0) return results;
  for (const { name, stepScores } of models) {
    const cases = usable.map(({ key, problemId, firstWrong }) => ({
      ...{ problemId, firstWrong },
      stepScores: stepScores.get(key) as StepScores,
    }));
    const found = await firstErrorResults(name, [{ data: "labels", cases }], options);
    const more = { numLeftOut: counted.length - usable.length, ...(biases.length > 0 && { countBiases: biases }) };
    results.push(...found.map((result) => ({ ...result, ...more })));
  }
  return results;
}

/**
 * One result a model and file, and the mean over several files. A record's id names a solution, and several may be of one
 * question: such records, of several files too, are one problem under the first of their ids.
 * @throws ERPRM_INVALID_DATA {file, line} for scores that do not fit; ERPRM_INVALID_ARGUMENT for a repeated name; as `firstErrorResults`
 */
export async function firstErrorsInFiles(
  data: readonly FirstErrorFile[],
  models: readonly { name: string }[],
  options: FirstErrorOptions,
): Promise<FirstErrorResult[]> {
  const taken = new Set(["labels", "mean"]);
  const files = [];
  for (const { name, solutions, scores } of data) {
    if (taken.has(name)) failArgument("a name of first-error data", `another than ${[...taken].join(", ")}`, name);
    taken.add(name);
    files.push({ name, scores, solutions: await byKey(solutions) });
  }
  const questions = new QuestionGroups();
  for (const { solutions } of files) {
    for (const { problemId, question } of solutions.values()) questions.add(problemId, question);
  }
  const { sameQuestion } = questions;
  const results: FirstErrorResult[] = [];
  for (const model of models) {
    const sets: { data: string; cases: FirstErrorCase[] }[] = [];
    for (const { name, solutions, scores } of files) {
      const given = scores[model.name];
      if (!given) continue;
      const own = await matchScores(model.name, solutions, given);
      const cases = [...solutions].map(([key, { problemId, firstWrong }]) => ({
        ...{ problemId: sameQuestion.get(problemId) ?? problemId, firstWrong },
        stepScores: own.get(key) as StepScores,
      }));
      sets.push({ data: name, cases });
    }
    if (sets.length > 0) results.push(...(await firstErrorResults(model.name, sets, options)));
  }
  return results;
}
