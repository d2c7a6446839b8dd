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
  /** Draws, default 10,000. */
  numFlips?: number | undefined;
  signal?: AbortSignal | undefined;
}

export const defaultNumFlips = 10_000;

export interface SignFlipTest {
  /** In (0, 1]. */
  pValue: number;
  /** All sign patterns were enumerated. */
  isExact: boolean;
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
  const numDrawn = Math.max(0, ...differences.map(({ length }) => (length > maxEnumeratedDifferences ? length : 0)));
  // By groups of differences, then draws: a shorter sample's draws are the first ones, whatever samples are beside it.
  const flips = new Uint8Array(Math.ceil(numDrawn / groupSize) * numFlips);
  const draw = randomStream(seed, "sign-flips");
  for (let i = 0; i < flips.length; i++) {
    flips[i] = draw(numPatterns);
    if (i % 4096 === 0) await pause();
  }
  const tests: SignFlipTest[] = [];
  for (const values of differences) {
    const isExact = values.length <= maxEnumeratedDifferences;
    tests.push({ isExact, pValue: isExact ? enumerated(values) : drawn(values, flips, numFlips) });
    await pause();
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

function drawn(values: Float64Array, flips: Uint8Array, numFlips: number): number {
  const sums = new Float64Array(numFlips);
  for (let start = 0, at = 0; start < values.length; start += groupSize) {
    const group = new Float64Array(groupSize);
    group.set(values.subarray(start, start + groupSize));
    const table = signedSums(group);
    for (let r = 0; r < numFlips; r++, at++) {
      sums[r] = (sums[r] as number) + (table[flips[at] as number] as number);
    }
  }
  const bound = leastExtreme(values);
  const numExtreme = sums.filter((sum) => Math.abs(sum) >= bound).length;
  return (1 + numExtreme) / (1 + numFlips);
}
