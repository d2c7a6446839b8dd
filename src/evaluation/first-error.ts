/**
 * How well the first wrong step is found (first-error-f1.ts), with intervals by the bootstrap over problems, widened where that
 * sees too little: accuracies as other shares (share-interval.ts), F1 and means by theirs (combined-bounds.ts). Of several data
 * sets the mean of their F1 is unweighted. One threshold serves all: a given one, or that of the best (mean) F1 on a part of
 * the problems (best-threshold.ts); the results are then those of the other part.
 */
import { expectInteger, expectNumberIn, failArgument } from "../check.js";
import { type BootstrapOptions, bootstrap, defaultBootstrap, type Estimate } from "../statistics/bootstrap.js";
import { uniformOf } from "../statistics/random.js";
import { shareBounds, widened } from "../statistics/share-interval.js";
import { bestThreshold } from "./best-threshold.js";
import { boundsOfF1, boundsOfMean } from "./combined-bounds.js";
import type { FirstErrorResult } from "./evaluation.js";
import { firstErrorF1, predictFirstError } from "./first-error-f1.js";
import type { FirstErrorCase } from "./pool.js";

export interface FirstErrorData {
  /** Unique among the data sets; not `mean`. */
  data: string;
  cases: readonly FirstErrorCase[];
}

export interface FirstErrorOptions extends BootstrapOptions {
  /** Absent: chosen on a part of the problems. */
  threshold?: number | undefined;
  /** About the share of problems, 0.05 to 0.95, on which the threshold is chosen; which ones is a function of seed and id. Default 0.5. */
  thresholdShare?: number | undefined;
}

/** Threshold where none is given and the data are too few to choose one. */
export const defaultThreshold = 0.5;

/**
 * One result for each data set, and after them `mean` if there are several. Where a threshold is to be chosen but either part of
 * the problems lacks solutions with or without a wrong step in some data set, `defaultThreshold` is used on all.
 * @throws ERPRM_INVALID_ARGUMENT for options out of range and for cases whose first wrong step is no step or whose scores are
 *   not finite, naming them; ERPRM_ABORTED
 */
export async function firstErrorResults(
  model: string,
  sets: readonly FirstErrorData[],
  { threshold: given, thresholdShare = 0.5, ...options }: FirstErrorOptions,
): Promise<FirstErrorResult[]> {
  for (const { data, cases } of sets) for (const [i, one] of cases.entries()) expectCase(`${data}[${i}]`, one);
  if (given !== undefined) expectNumberIn("the threshold", given, -Number.MAX_VALUE, Number.MAX_VALUE);
  expectNumberIn("the share for the threshold", thresholdShare, 0.05, 0.95);
  const isForThreshold = ({ problemId }: FirstErrorCase) =>
    uniformOf(options.seed, "threshold", problemId) < thresholdShare;
  const choosing = sets.map(({ cases }) => cases.filter(isForThreshold));
  const others = sets.map(({ cases }) => cases.filter((one) => !isForThreshold(one)));
  const canChoose = [...choosing, ...others].every(hasBothKinds);
  const source = given !== undefined ? "given" : canChoose ? "split" : "default";
  const threshold = given ?? (canChoose ? bestThreshold(choosing) : defaultThreshold);
  const evaluated = source === "split" ? others : sets.map(({ cases }) => cases);
  const estimates = await estimatesOf(evaluated, threshold, options);
  const numThreshold = choosing.map(({ length }) => (source === "split" ? length : 0));
  const results = sets.map(({ data }, s): FirstErrorResult => {
    const numWrong = evaluated[s]?.filter(({ firstWrong }) => firstWrong >= 0).length ?? 0;
    return {
      ...{ model, data, threshold, thresholdFrom: source, numThresholdSolutions: numThreshold[s] ?? 0, numWrong },
      numRight: (evaluated[s]?.length ?? 0) - numWrong,
      ...(estimates[s] as Accuracies),
    };
  });
  if (sets.length > 1) results.push(meanResult(results, estimates[sets.length] as Accuracies));
  return results;
}

function expectCase(name: string, { firstWrong, stepScores }: FirstErrorCase): void {
  for (const [i, score] of stepScores.entries()) {
    if (!Number.isFinite(score)) failArgument(`${name}.stepScores[${i}]`, "a finite number", score);
  }
  expectInteger(`${name}.firstWrong`, firstWrong, -1, stepScores.length - 1);
}

function hasBothKinds(cases: readonly FirstErrorCase[]): boolean {
  return cases.some(({ firstWrong }) => firstWrong >= 0) && cases.some(({ firstWrong }) => firstWrong < 0);
}

type Accuracies = Pick<FirstErrorResult, "accuracyWrong" | "accuracyRight" | "f1">;

function meanResult(results: readonly FirstErrorResult[], accuracies: Accuracies): FirstErrorResult {
  const sum = (count: (result: FirstErrorResult) => number) => results.reduce((all, result) => all + count(result), 0);
  return {
    ...(results[0] as FirstErrorResult),
    data: "mean",
    numThresholdSolutions: sum((result) => result.numThresholdSolutions),
    numWrong: sum((result) => result.numWrong),
    numRight: sum((result) => result.numRight),
    ...accuracies,
  };
}

/** Of each set of cases and, last, of their unweighted mean. A problem is drawn with all its cases, a set's problems are its own. */
async function estimatesOf(
  sets: readonly (readonly FirstErrorCase[])[],
  threshold: number,
  options: BootstrapOptions,
): Promise<Accuracies[]> {
  const numbers = new Map<string, number>();
  const numberOf = (name: string) => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name) as number;
  };
  const graded = sets.map((cases, s) =>
    cases.map(({ problemId, firstWrong, stepScores }) => ({
      problem: numberOf(JSON.stringify([s, problemId])),
      isWrong: firstWrong >= 0,
      isFound: predictFirstError(stepScores, threshold) === firstWrong,
    })),
  );
  const shareFound = (cases: (typeof graded)[number], times: Float64Array, isWrong: boolean) => {
    let found = 0;
    let all = 0;
    for (const one of cases) {
      if (one.isWrong !== isWrong) continue;
      all += times[one.problem] as number;
      if (one.isFound) found += times[one.problem] as number;
    }
    return found / all;
  };
  const rowOf = (times: Float64Array) => {
    const rows = graded.map((cases) => {
      const [a, b] = [shareFound(cases, times, true), shareFound(cases, times, false)];
      return [a, b, firstErrorF1(a, b)];
    });
    const means = [0, 1, 2].map((k) => rows.reduce((sum, row) => sum + (row[k] as number), 0) / rows.length);
    return [...rows.flat(), ...means];
  };
  const all = await bootstrap(numbers.size, rowOf, options);
  const { level = defaultBootstrap.level } = options;
  const boundsOf = (cases: (typeof graded)[number], isWrong: boolean) => {
    const [sums, counts] = [new Float64Array(numbers.size), new Float64Array(numbers.size)];
    for (const one of cases) {
      if (one.isWrong !== isWrong) continue;
      counts[one.problem] = (counts[one.problem] as number) + 1;
      if (one.isFound) sums[one.problem] = (sums[one.problem] as number) + 1;
    }
    return shareBounds({ sums, counts }, level);
  };
  const estimates = graded.map((cases, s): Accuracies => {
    const [wrong, right, f1] = all.slice(3 * s, 3 * s + 3) as [Estimate, Estimate, Estimate];
    const accuracyWrong = widened(wrong, boundsOf(cases, true));
    const accuracyRight = widened(right, boundsOf(cases, false));
    return { accuracyWrong, accuracyRight, f1: widened(f1, boundsOfF1(accuracyWrong, accuracyRight)) };
  });
  const names = ["accuracyWrong", "accuracyRight", "f1"] as const;
  const means = names.map((name, k) => {
    const mean = all[3 * sets.length + k] as Estimate;
    return [name, widened(mean, boundsOfMean(estimates.map((one) => one[name])))] as const;
  });
  return [...estimates, Object.fromEntries(means) as Record<(typeof names)[number], Estimate>];
}
