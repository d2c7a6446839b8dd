/**
 * The paired permutation test. Under the hypothesis that two methods do not differ, each problem's difference d_i could as
 * well have the other sign. With signs s_i = +1 or -1, each as likely,
 *   p = P( |sum of s_i d_i| >= |sum of d_i| )        two-sided
 * Differences of 0 change nothing and are left out. Few others are enumerated: the p-value is exact, a multiple of 2^-n.
 * More are drawn: p = (1 + draws at least as extreme) / (1 + draws), never 0, and at most alpha with probability at most alpha.
 */
import { expectInteger, failArgument } from "../check.js";
import { pauses } from "./pauses.js";
import { randomStream } from "./random.js";

/** Most non-zero differences whose 2^n sign patterns are enumerated. */
export const maxEnumeratedDifferences = 14;

export interface SignFlipOptions {
  /** An integer from 0. */
  seed: number;
  /** Draws, default 100,000. */
  numFlips?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** So many that a p-value of 0.05 has a standard error of 0.0007: few are on one side of a level by the luck of the draw. */
export const defaultNumFlips = 100_000;

export interface SignFlipTest {
  /** In (0, 1]. */
  pValue: number;
  /** All sign patterns were enumerated. */
  isExact: boolean;
  /** No draw was as extreme: `pValue` is the smallest that so many draws can give, and not more is known than that p is about that or less. */
  isFloor: boolean;
}

/**
 * The test of each of several samples of differences, one a problem. All use the same draws, a function of the seed.
 * @throws ERPRM_INVALID_ARGUMENT for differences that are not finite and options out of range; ERPRM_ABORTED
 */
export async function signFlipTests(
  samples: readonly ArrayLike<number>[],
  { seed, numFlips = defaultNumFlips, signal }: SignFlipOptions,
): Promise<SignFlipTest[]> {
  expectInteger("the number of flips", numFlips, 1);
  const pause = pauses("testing differences", signal);
  const differences = samples.map(nonZero);
  const isExact = differences.map(({ length }) => length <= maxEnumeratedDifferences);
  const drawn = differences.filter((_, i) => !isExact[i]);
  const numExtreme = await extremeDraws(drawn, { seed, numFlips, pause });
  const tests: SignFlipTest[] = [];
  for (const [i, values] of differences.entries()) {
    if (isExact[i]) {
      tests.push({ isExact: true, isFloor: false, pValue: enumerated(values) });
      await pause();
      continue;
    }
    const more = numExtreme.shift() as number;
    tests.push({ isExact: false, isFloor: more === 0, pValue: (1 + more) / (1 + numFlips) });
  }
  return tests;
}

function nonZero(values: ArrayLike<number>): Float64Array {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) failArgument(`differences[${i}]`, "a finite number", values[i]);
  }
  return Float64Array.from(values).filter((value) => value !== 0);
}

/** Sums of the same numbers in another order differ by rounding: so much less than the observed sum still is as extreme. */
function leastExtreme(values: Float64Array): number {
  const total = values.reduce((sum, value) => sum + Math.abs(value), 0);
  return Math.abs(values.reduce((sum, value) => sum + value, 0)) - 1e-12 * total;
}

/** All sums of the values with signs, by doubling: [2^n]. */
function signedSums(values: Float64Array): Float64Array {
  let sums = Float64Array.of(0);
  for (const value of values) {
    const next = new Float64Array(2 * sums.length);
    for (let i = 0; i < sums.length; i++) {
      next[i] = (sums[i] as number) + value;
      next[i + sums.length] = (sums[i] as number) - value;
    }
    sums = next;
  }
  return sums;
}

function enumerated(values: Float64Array): number {
  const sums = signedSums(values);
  const bound = leastExtreme(values);
  return sums.filter((sum) => Math.abs(sum) >= bound).length / sums.length;
}

/** Differences are flipped by the byte: the signed sums of eight are a table, so a draw adds n / 8 numbers. */
const groupSize = 8;
const numPatterns = 2 ** groupSize;

/** Draws at a time, each such block from a stream of its own: memory grows with neither the draws nor the samples. */
const blockSize = 10_000;

/** How many draws of each sample are as extreme as what was observed. */
async function extremeDraws(
  samples: readonly Float64Array[],
  { seed, numFlips, pause }: { seed: number; numFlips: number; pause: () => Promise<void> | undefined },
): Promise<number[]> {
  const numExtreme = samples.map(() => 0);
  const numGroups = Math.ceil(Math.max(0, ...samples.map(({ length }) => length)) / groupSize);
  if (numGroups === 0) return numExtreme;
  const bounds = samples.map(leastExtreme);
  for (let start = 0; start < numFlips; start += blockSize) {
    const size = Math.min(blockSize, numFlips - start);
    // By groups of differences, then draws: a shorter sample's draws are the first ones, whatever samples are beside it.
    const flips = new Uint8Array(numGroups * size);
    const draw = start === 0 ? randomStream(seed, "sign-flips") : randomStream(seed, "sign-flips", start / blockSize);
    for (let i = 0; i < flips.length; i++) {
      flips[i] = draw(numPatterns);
      if (i % 4096 === 0) await pause();
    }
    for (const [i, values] of samples.entries()) {
      const bound = bounds[i] as number;
      const sums = drawnSums(values, flips, size);
      numExtreme[i] = (numExtreme[i] as number) + sums.filter((sum) => Math.abs(sum) >= bound).length;
      await pause();
    }
  }
  return numExtreme;
}

/** The signed sum of each draw: [size]. */
function drawnSums(values: Float64Array, flips: Uint8Array, size: number): Float64Array {
  const sums = new Float64Array(size);
  for (let start = 0, at = 0; start < values.length; start += groupSize) {
    const group = new Float64Array(groupSize);
    group.set(values.subarray(start, start + groupSize));
    const table = signedSums(group);
    for (let r = 0; r < size; r++, at++) {
      sums[r] = (sums[r] as number) + (table[flips[at] as number] as number);
    }
  }
  return sums;
}
