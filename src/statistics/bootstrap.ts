/**
 * Intervals by the bootstrap over problems. What belongs to one problem (its candidates, prefixes, steps) shares the
 * problem's difficulty, so whole problems are drawn, with replacement, as many as there are. A statistic is a function of how
 * often each problem was drawn; its bounds are the quantiles of its values over the draws (percentile bootstrap). All
 * statistics of one call see the same draws, and so do two calls with one seed and one number of problems.
 */
import { expectInteger, expectNumberIn } from "../check.js";
import { pauses } from "./pauses.js";
import { quantile } from "./quantile.js";
import { randomStream } from "./random.js";

/** A figure with the bounds of its interval; null where it has no value, or too few problems for bounds. */
export interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface BootstrapOptions {
  /** An integer from 0. */
  seed: number;
  /** Draws, default 1000. */
  numResamples?: number | undefined;
  /** Of the interval, default 0.95. */
  level?: number | undefined;
  /** Is told before the draws, and now and then, how many of them are made. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const defaultBootstrap = { numResamples: 1000, level: 0.95 } as const;

/**
 * The statistics of a sample in which problem i occurs `times[i]` times (once each for the sample itself); NaN where one has
 * no value. Always as many of them, in one order; the array may be the same one at every call.
 */
export type ResampledStatistics = (times: Float64Array) => ArrayLike<number>;

/**
 * Each statistic's value for the sample itself and its interval; draws in which it has no value are left out of its quantiles,
 * and fewer than two problems have no bounds. Lets other work run while it draws.
 * @throws ERPRM_INVALID_ARGUMENT for options out of range; ERPRM_ABORTED
 */
export async function bootstrap(
  numProblems: number,
  statistics: ResampledStatistics,
  options: BootstrapOptions,
): Promise<Estimate[]> {
  const { seed, numResamples = defaultBootstrap.numResamples, level = defaultBootstrap.level } = options;
  expectInteger("the number of problems", numProblems);
  expectInteger("the number of resamples", numResamples, 1);
  expectNumberIn("the level of the intervals", level, 0.01, 0.9999);
  const times = new Float64Array(numProblems).fill(1);
  const values = Array.from(statistics(times));
  const draws = values.map(() => new Float64Array(numProblems > 1 ? numResamples : 0));
  const draw = randomStream(seed, "bootstrap");
  const pause = pauses("drawing intervals", options.signal);
  options.onProgress?.(0, numResamples);
  for (let r = 0; numProblems > 1 && r < numResamples; r++) {
    times.fill(0);
    for (let k = 0; k < numProblems; k++) {
      const problem = draw(numProblems);
      times[problem] = (times[problem] as number) + 1;
    }
    const drawn = statistics(times);
    for (let s = 0; s < draws.length; s++) (draws[s] as Float64Array)[r] = drawn[s] as number;
    const due = pause();
    if (!due) continue;
    options.onProgress?.(r + 1, numResamples);
    await due;
  }
  return values.map((value, s) => estimateOf(value, draws[s] as Float64Array, level));
}

function estimateOf(value: number, draws: Float64Array, level: number): Estimate {
  if (!Number.isFinite(value)) return { value: null, low: null, high: null };
  const finite = draws.filter(Number.isFinite).sort();
  const bound = (share: number) => (finite.length === 0 ? null : quantile(finite, share));
  return { value, low: bound((1 - level) / 2), high: bound((1 + level) / 2) };
}
