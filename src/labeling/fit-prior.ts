/**
 * The beta distribution of success rates that makes the counts of many prefixes most likely: each count is beta-binomial.
 * When completions stopped because of what was counted, the likelihood is the same function of (a, b), so adaptive counts
 * need no other treatment.
 *
 * Not all counts have a maximum inside the bounds. Where all completions are right, the likelihood grows with a and falls with b
 * without end (where all are wrong, the other way round): the fit is then the corner of the bounds, which pulls no label to the
 * middle. Where no prefix has two completions, all priors of one mean are as likely, and the fit is the one with a + b = 1.
 *
 * Fixed-point iteration of T. Minka, "Estimating a Dirichlet distribution" (2000), eq. 55: no update lowers the likelihood.
 */
import { priorBounds } from "../data/step-labels.js";
import type { PrefixCounts } from "./allocation.js";

const maxIterations = 20_000;
/** Relative change of both parameters at which the fit has ended. */
const tolerance = 1e-10;

/** Counts with how often they came. */
export class CountHistogram {
  readonly #numbers = new Map<string, PrefixCounts & { number: number }>();

  /** At least one completion. */
  add({ numCompletions, numCorrect }: PrefixCounts): void {
    const key = `${numCompletions} ${numCorrect}`;
    const there = this.#numbers.get(key);
    if (there) there.number += 1;
    else this.#numbers.set(key, { numCompletions, numCorrect, number: 1 });
  }

  /** Sorted, so that sums do not depend on the order in which counts came. */
  get cells(): (PrefixCounts & { number: number })[] {
    return [...this.#numbers.values()].sort(
      (one, other) => one.numCompletions - other.numCompletions || one.numCorrect - other.numCorrect,
    );
  }
}

/** The parameters, within `priorBounds`. Jeffreys' prior when there are no counts. */
export function fitPrior(histogram: CountHistogram): [number, number] {
  const { cells } = histogram;
  let [a, b] = [0.5, 0.5];
  if (cells.length === 0) return [a, b];
  const [low, high] = priorBounds;
  if (cells.every(({ numCompletions, numCorrect }) => numCorrect === numCompletions)) return [high, low];
  if (cells.every(({ numCorrect }) => numCorrect === 0)) return [low, high];
  for (let iteration = 0; iteration < maxIterations; iteration += 1) {
    let [correct, wrong, all] = [0, 0, 0];
    for (const { numCompletions, numCorrect, number } of cells) {
      correct += number * reciprocals(a, numCorrect);
      wrong += number * reciprocals(b, numCompletions - numCorrect);
      all += number * reciprocals(a + b, numCompletions);
    }
    const [nextA, nextB] = [within((a * correct) / all), within((b * wrong) / all)];
    const change = Math.max(Math.abs(nextA / a - 1), Math.abs(nextB / b - 1));
    [a, b] = [nextA, nextB];
    if (change < tolerance) break;
  }
  return [a, b];
}

/** digamma(x + n) - digamma(x): the sum of 1 / (x + i) for i below n. */
function reciprocals(x: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += 1 / (x + i);
  return sum;
}

function within(parameter: number): number {
  const [low, high] = priorBounds;
  return Math.min(high, Math.max(low, parameter));
}
