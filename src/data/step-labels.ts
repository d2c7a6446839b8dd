/**
 * Labels from counts. With k of K completions correct and p = k / K:
 *   hard = [k > 0]     soft = p     er:eta = (1/eta) ln(1 + p (e^eta - 1)), which for outcomes 0 and 1 is
 *   (1/eta) ln(mean of exp(eta outcome)), the log-mean-exp label of arXiv:2412.11006. eta 0 is its limit, p.
 */
import { expectInteger, failArgument } from "../check.js";
import type { StepCounts } from "../types.js";
import { type ParsedLabelName, parseLabelName } from "./label-name.js";
import { standardError } from "./standard-error.js";

/** A count for one prefix, or one for each of several. */
export type Counts = number | ArrayLike<number>;

/** One value for counts of one prefix, an array for counts of several. Keys are the canonical label names. */
export type PerPrefix<C extends Counts> = Record<string, C extends number ? number : number[]>;

/**
 * The labels, each in [0, 1]: `labelsFromCounts(16, 11, ["soft"])` is `{soft: 0.6875}`; with arrays each label is an array.
 * @throws ERPRM_INVALID_ARGUMENT for a name that is none, 0 completions, more correct ones than completions, unequal lengths.
 */
export function labelsFromCounts<C extends Counts>(
  numCompletions: C,
  numCorrect: C,
  names: readonly string[],
): PerPrefix<C> {
  return evaluate(numCompletions, numCorrect, names.map(parseLabelName), label);
}

/**
 * Standard errors of the labels, in the labels' unit. Soft: the standard deviation of the posterior of p under Jeffreys'
 * prior, p ~ Beta(k + 1/2, K - k + 1/2); it approaches sqrt(p (1 - p) / K) for many completions and is not 0 at p = 0 or 1.
 * er: the delta method, |d label / d p| at the posterior mean times the former. Hard labels have none and are left out.
 * @throws ERPRM_INVALID_ARGUMENT as `labelsFromCounts`.
 */
export function standardErrorsFromCounts<C extends Counts>(
  numCompletions: C,
  numCorrect: C,
  names: readonly string[],
): PerPrefix<C> {
  const withError = names.map(parseLabelName).filter(({ kind }) => kind !== "hard");
  return evaluate(numCompletions, numCorrect, withError, standardError);
}

/**
 * Labels and standard errors of a solution's steps, as a `LabelRecord` holds them. A terminal step's label is no estimate:
 * its standard error is 0. `standardErrors` is empty when only hard labels are asked for.
 * @throws ERPRM_INVALID_ARGUMENT as `labelsFromCounts`; a step that was imported without counts cannot be labelled.
 */
export function labelSteps(
  steps: readonly StepCounts[],
  names: readonly string[],
): { labels: Record<string, number[]>; standardErrors: Record<string, number[]> } {
  const numCompletions = steps.map((step) => step.numCompletions);
  const numCorrect = steps.map((step) => step.numCorrect);
  const labels = labelsFromCounts(numCompletions, numCorrect, names);
  const standardErrors = standardErrorsFromCounts(numCompletions, numCorrect, names);
  for (const errors of Object.values(standardErrors)) {
    for (const [i, step] of steps.entries()) if (step.terminal) errors[i] = 0;
  }
  return { labels, standardErrors };
}

function label(parsed: ParsedLabelName, numCompletions: number, numCorrect: number): number {
  const p = numCorrect / numCompletions;
  if (parsed.kind === "er") return regularizedLabel(p, parsed.eta);
  return parsed.kind === "soft" ? p : Number(numCorrect > 0);
}

/** (1/eta) ln(1 + p (e^eta - 1)) for p in [0, 1] and any finite eta. */
function regularizedLabel(p: number, eta: number): number {
  // At p = 0 and 1 the label is p, and ln(1 + expm1(-eta)) would lose it to -Infinity.
  // Below 1e-17 eta changes no digit of it, and p (e^eta - 1) may underflow.
  if (Math.abs(eta) < 1e-17 || p === 0 || p === 1) return p;
  // Above 1 the form that takes out the maximum: e^eta overflows from 710 on. Below, the direct one: nothing cancels.
  return eta > 1 ? 1 + Math.log1p((1 - p) * Math.expm1(-eta)) / eta : Math.log1p(p * Math.expm1(eta)) / eta;
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
