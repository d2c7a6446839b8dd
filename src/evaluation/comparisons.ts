/**
 * Which methods are compared, always on the same problems and the same subsets: best-of-N and weighted vote of each reward
 * model with majority vote and with pass@1, and best-of-N of each pair of reward models. Each comparison makes all others'
 * corrected p-values larger, so unless more is asked for it is only at one N, and each model has its first aggregate. That N
 * is the largest which at least half of the problems have candidates for: figures of the few that have more are of other problems.
 * A difference has its interval by the bootstrap over problems, its p-value by sign flips, corrected by Holm over all.
 */
import { failArgument } from "../check.js";
import type { BootstrapOptions } from "../statistics/bootstrap.js";
import { type CorrectedPValue, correctedPValues } from "../statistics/corrected-p-values.js";
import { defaultNumFlips, type SignFlipOptions, type SignFlipTest, signFlipTests } from "../statistics/sign-flips.js";
import type { Aggregate } from "../types.js";
import { meansOverProblems } from "./accuracy.js";
import type { Comparison } from "./evaluation.js";
import type { AccuraciesAtN, MethodAccuracies } from "./methods.js";

export interface ComparisonOptions extends BootstrapOptions, SignFlipOptions {
  /**
   * The Ns to compare at, of those evaluated; default: the largest above 1 that at least half as many problems have as any, or the
   * smallest above 1. At N = 1 all methods are pass@1: never compared.
   */
  numCandidates?: readonly number[] | undefined;
  /** Default: each model's first one. Otherwise models are compared with the same aggregate, for each of these. */
  aggregates?: readonly Aggregate[] | undefined;
}

/**
 * Ascending in N. None where no N is above 1.
 * @throws ERPRM_INVALID_ARGUMENT for an N or an aggregate that was not evaluated and options out of range; ERPRM_ABORTED
 */
export async function compareMethods(
  accuracies: readonly AccuraciesAtN[],
  { numCandidates, aggregates, numFlips, ...options }: ComparisonOptions,
): Promise<Comparison[]> {
  const evaluated = accuracies.map((one) => one.numCandidates);
  const compared = numCandidates ?? defaultComparedNs(accuracies);
  for (const n of compared) if (!evaluated.includes(n)) failArgument("N", `one of ${evaluated.join(", ")}`, n);
  const chosen = accuracies.filter((one) => one.numCandidates > 1 && compared.includes(one.numCandidates));
  const planned = chosen.map((one) => ({ ...one, pairs: pairsOf(one.methods, aggregates) }));
  const testing = { ...options, numFlips: flipsFor(planned.flatMap(({ pairs }) => pairs).length, numFlips) };
  const differences: Difference[] = [];
  for (const one of planned) differences.push(...(await differencesAt(one, testing)));
  const pValues = correctedPValues(differences.map(({ test }) => test));
  return differences.map(({ test: _, ...difference }, i) => ({ ...difference, ...(pValues[i] as CorrectedPValue) }));
}

/** Sign flips for each comparison, so that none is kept from a small corrected p-value by the number of flips alone. */
const flipsPerComparison = 100;

/**
 * How many sign flips so many comparisons are tested with: `numFlips`, default 100,000, or more of them. A drawn p-value is at
 * least 1 / (1 + flips), and the smallest corrected one as many times that as there are comparisons: here below 0.01.
 */
export function flipsFor(numComparisons: number, numFlips: number = defaultNumFlips): number {
  return Math.max(numFlips, flipsPerComparison * numComparisons);
}

function defaultComparedNs(accuracies: readonly AccuraciesAtN[]): number[] {
  const most = accuracies.reduce((all, { problemIds }) => Math.max(all, problemIds.length), 0);
  const above1 = accuracies.filter(({ numCandidates }) => numCandidates > 1);
  const usual = above1.filter(({ problemIds }) => 2 * problemIds.length >= most);
  const chosen = usual[usual.length - 1] ?? above1[0];
  return chosen ? [chosen.numCandidates] : [];
}

type Difference = Omit<Comparison, keyof CorrectedPValue> & { test: SignFlipTest | undefined };

async function differencesAt(
  { numCandidates, problemIds, pairs }: AccuraciesAtN & { pairs: readonly Pair[] },
  options: BootstrapOptions & SignFlipOptions,
): Promise<Difference[]> {
  const numProblems = problemIds.length;
  const differences = pairs.map(([first, second]) =>
    first.accuracies.map((accuracy, i) => accuracy - (second.accuracies[i] as number)),
  );
  const estimates = await meansOverProblems(differences, numProblems, options);
  const tests = numProblems > 1 ? await signFlipTests(differences, options) : [];
  return pairs.map(([{ method: first }, { method: second }], i) => {
    const difference = estimates[i] as Comparison["difference"];
    return { first, second, numCandidates, numProblems, difference, test: tests[i] };
  });
}

type Pair = readonly [first: MethodAccuracies, second: MethodAccuracies];

function pairsOf(methods: readonly MethodAccuracies[], aggregates: readonly Aggregate[] | undefined): Pair[] {
  const unscored = methods.filter(({ method: { rule } }) => rule === "majority" || rule === "pass@1");
  const models = [...new Set(methods.flatMap(({ method }) => method.model ?? []))];
  const scoredBy = (model: string, aggregate: Aggregate | undefined) => {
    const own = methods.filter(({ method }) => method.model === model);
    const wanted = aggregate ?? own[0]?.method.aggregate;
    const found = own.filter(({ method }) => method.aggregate === wanted);
    if (found.length === 0) failArgument("aggregates", `those evaluated for ${model}`, wanted);
    return found;
  };
  return (aggregates ?? [undefined]).flatMap((aggregate) => {
    const scored = models.map((model) => scoredBy(model, aggregate));
    const best = scored.flat().filter(({ method }) => method.rule === "best-of-n");
    return [
      ...scored.flat().flatMap((first) => unscored.map((second): Pair => [first, second])),
      ...best.flatMap((first, i) => best.slice(i + 1).map((second): Pair => [first, second])),
    ];
  });
}
