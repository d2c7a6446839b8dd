/**
 * Labels from counts. With k of K completions correct and p = k / K:
 *   hard = [k > 0]     soft = p     er:eta = (1/eta) ln(1 + p (e^eta - 1)), which for outcomes 0 and 1 is
 *   (1/eta) ln(mean of exp(eta outcome)), the log-mean-exp label of arXiv:2412.11006. eta 0 is its limit, p.
 * That is the plug-in estimator. The posterior one is the mean of the label over p ~ Beta(k + a, K - k + b), for the prior
 * Beta(a, b); hard labels are the same for both.
 */
import { expectInteger, expectNumberIn, expectOneOf, failArgument } from "../check.js";
import type { Estimator, StepCounts } from "../types.js";
import { type ParsedLabelName, parseLabelName } from "./label-name.js";
import { labelAt } from "./label-value.js";
import { posteriorMoments } from "./posterior-label.js";
import { standardError } from "./standard-error.js";

/** A count for one prefix, or one for each of several. */
export type Counts = number | ArrayLike<number>;

/** One value for counts of one prefix, an array for counts of several. Keys are the canonical label names. */
export type PerPrefix<C extends Counts> = Record<string, C extends number ? number : number[]>;

export const plugIn: Estimator = { kind: "plug-in" };

/** Jeffreys' prior: posterior intervals that cover p about as often as they say, whatever p is. */
export const jeffreys: readonly [number, number] = [0.5, 0.5];

/** Parameters of a prior lie between these. */
export const priorBounds = [0.01, 1e4] as const;

/** @throws ERPRM_INVALID_ARGUMENT for another kind, or a prior that is not two numbers from 0.01 to 10000. */
export function checkEstimator(estimator: Estimator): Estimator {
  if (expectOneOf("the estimator", estimator.kind, ["plug-in", "posterior"]) === "plug-in") return plugIn;
  const { prior } = estimator as Estimator & { kind: "posterior" };
  if (!Array.isArray(prior) || prior.length !== 2) failArgument("the prior", "two numbers", prior);
  for (const parameter of prior) expectNumberIn("the prior's parameters", parameter, ...priorBounds);
  return estimator;
}

/**
 * The labels, each in [0, 1]: `labelsFromCounts(16, 11, ["soft"])` is `{soft: 0.6875}`; with arrays each label is an array.
 * @throws ERPRM_INVALID_ARGUMENT for a name that is none, 0 completions, more correct ones than completions, unequal lengths,
 *   as `checkEstimator`.
 */
export function labelsFromCounts<C extends Counts>(
  numCompletions: C,
  numCorrect: C,
  names: readonly string[],
  estimator: Estimator = plugIn,
): PerPrefix<C> {
  const checked = checkEstimator(estimator);
  return evaluate(numCompletions, numCorrect, names.map(parseLabelName), (name, count, correct) =>
    checked.kind === "plug-in" || name.kind === "hard"
      ? labelAt(name, correct / count)
      : posterior(name, count, correct, checked.prior).mean,
  );
}

/**
 * Standard errors of the labels, in the labels' unit. Soft: the standard deviation of the posterior of p under Jeffreys'
 * prior, p ~ Beta(k + 1/2, K - k + 1/2); it approaches sqrt(p (1 - p) / K) for many completions and is not 0 at p = 0 or 1.
 * er: the delta method, |d label / d p| at the posterior mean times the former. With the posterior estimator both are the
 * standard deviation of the label over the posterior. Hard labels have none and are left out.
 * @throws ERPRM_INVALID_ARGUMENT as `labelsFromCounts`.
 */
export function standardErrorsFromCounts<C extends Counts>(
  numCompletions: C,
  numCorrect: C,
  names: readonly string[],
  estimator: Estimator = plugIn,
): PerPrefix<C> {
  const checked = checkEstimator(estimator);
  const withError = names.map(parseLabelName).filter(({ kind }) => kind !== "hard");
  return evaluate(numCompletions, numCorrect, withError, (name, count, correct) =>
    checked.kind === "plug-in"
      ? standardError(name, count, correct)
      : posterior(name, count, correct, checked.prior).deviation,
  );
}

/**
 * Labels and standard errors of a solution's steps, as a `LabelRecord` holds them. A terminal step's label is no estimate:
 * it is the outcome, and its standard error is 0. A step that was not measured has those of the step it is inferred from.
 * `standardErrors` is empty when only hard labels are asked for.
 * @throws ERPRM_INVALID_ARGUMENT as `labelsFromCounts`; a step that was imported without counts cannot be labelled.
 */
export function labelSteps(
  steps: readonly StepCounts[],
  names: readonly string[],
  estimator: Estimator = plugIn,
): { labels: Record<string, number[]>; standardErrors: Record<string, number[]> } {
  const counts = steps.map((step) => (step.inferredFrom === undefined ? step : (steps[step.inferredFrom] ?? step)));
  const numCompletions = counts.map((step) => step.numCompletions);
  const numCorrect = counts.map((step) => step.numCorrect);
  const labels = labelsFromCounts(numCompletions, numCorrect, names, estimator);
  const standardErrors = standardErrorsFromCounts(numCompletions, numCorrect, names, estimator);
  for (const [t, { terminal, numCompletions: count, numCorrect: correct }] of steps.entries()) {
    if (!terminal) continue;
    const outcome = labelsFromCounts(count, correct, names);
    for (const [name, values] of Object.entries(labels)) values[t] = outcome[name] as number;
    for (const errors of Object.values(standardErrors)) errors[t] = 0;
  }
  return { labels, standardErrors };
}

function posterior(
  name: ParsedLabelName,
  numCompletions: number,
  numCorrect: number,
  [a, b]: readonly [number, number],
) {
  return posteriorMoments(name, numCorrect + a, numCompletions - numCorrect + b);
}

function evaluate<C extends Counts>(
  numCompletions: C,
  numCorrect: C,
  names: readonly ParsedLabelName[],
  value: (name: ParsedLabelName, numCompletions: number, numCorrect: number) => number,
): PerPrefix<C> {
  const isOne = typeof numCompletions === "number";
  const all = toArray(numCompletions);
  const correct = toArray(numCorrect);
  if (all.length !== correct.length) failArgument("numCorrect", `${all.length} counts long`, correct.length);
  for (const [i, count] of all.entries()) {
    expectInteger(isOne ? "numCompletions" : `numCompletions[${i}]`, count, 1);
    expectInteger(isOne ? "numCorrect" : `numCorrect[${i}]`, correct[i], 0, count);
  }
  const entries = names.map((name) => {
    const values = all.map((count, i) => value(name, count, correct[i] as number));
    return [name.name, isOne ? values[0] : values];
  });
  return Object.fromEntries(entries) as PerPrefix<C>;
}

function toArray(counts: Counts): number[] {
  return typeof counts === "number" ? [counts] : Array.from(counts);
}
