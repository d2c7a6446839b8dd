/**
 * Intervals of the measures by the bootstrap over problems: the prefixes of one problem share its difficulty and their
 * solution, so whole problems are drawn, with replacement, never prefixes. A measure's bounds are the quantiles of its values
 * over the draws (percentile bootstrap). The calibration error never falls below its noise, so its interval lies high.
 */
import { expectInteger, expectNumberIn, failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import {
  type MeasureName,
  type Measures,
  measureNames,
  measureSorted,
  type ScoredPrefixes,
  sortPrefixes,
} from "./measures.js";
import { randomStream } from "./random.js";

/** A value with the bounds of its interval; bounds are null where there are fewer than two problems. */
export interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
}

/** `brierGain` = constant Brier minus Brier: above 0 the scores know more than a constant. */
export type EstimateName = MeasureName | "brierGain";

export interface MeasuresWithIntervals extends Record<EstimateName, Estimate> {
  /** Prefixes. */
  n: number;
  numProblems: number;
  numBins: number;
  /** Of the intervals, for example 0.95. */
  level: number;
  numResamples: number;
}

export interface IntervalOptions {
  seed: number;
  /** Default 1000. */
  numResamples?: number | undefined;
  /** Default 0.95. */
  level?: number | undefined;
  numBins?: number | undefined;
  signal?: AbortSignal | undefined;
}

type Row = Record<EstimateName, number | null>;

function rowOf(measures: Measures): Row {
  const { brierScore, constantBrierScore } = measures;
  const brierGain = brierScore === null || constantBrierScore === null ? null : constantBrierScore - brierScore;
  return { ...measures, brierGain };
}

const estimateNames: readonly EstimateName[] = [...measureNames, "brierGain"];

const millisecondsBetweenPauses = 10;

/**
 * The measures with their intervals, a function of the prefixes and the seed. `problemIds`: the problem of each prefix.
 * @throws ERPRM_INVALID_ARGUMENT for options out of range and as `measure`; ERPRM_ABORTED
 */
export async function measureWithIntervals(
  prefixes: ScoredPrefixes & { problemIds: readonly string[] },
  { seed, numResamples = 1000, level = 0.95, numBins, signal }: IntervalOptions,
): Promise<MeasuresWithIntervals> {
  expectInteger("the number of resamples", numResamples, 1);
  expectNumberIn("the level of the intervals", level, 0.01, 0.9999);
  const sorted = sortPrefixes(prefixes);
  const n = sorted.scores.length;
  if (prefixes.problemIds.length !== n)
    failArgument("problemIds", `${n} ids, one a score,`, prefixes.problemIds.length);
  const { problems, numProblems } = numberProblems(prefixes.problemIds, sorted.places);
  const point = measureSorted(sorted, numBins);
  const draws: Row[] = [];
  if (numProblems > 1) {
    const draw = randomStream(seed, "bootstrap");
    const times = new Float64Array(numProblems);
    const drawn = { ...sorted, weights: new Float64Array(n) };
    let pausedAt = performance.now();
    for (let r = 0; r < numResamples; r++) {
      times.fill(0);
      for (let k = 0; k < numProblems; k++) {
        const problem = draw(numProblems);
        times[problem] = (times[problem] as number) + 1;
      }
      for (let i = 0; i < n; i++) {
        drawn.weights[i] = (sorted.weights[i] as number) * (times[problems[i] as number] as number);
      }
      draws.push(rowOf(measureSorted(drawn, numBins)));
      if (performance.now() - pausedAt < millisecondsBetweenPauses) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw new ErprmError("ERPRM_ABORTED", "Aborted while drawing intervals", {}, signal.reason);
      pausedAt = performance.now();
    }
  }
  const pointRow = rowOf(point);
  const estimates = estimateNames.map((name) => [
    name,
    estimateOf(
      pointRow[name],
      draws.map((row) => row[name]),
      level,
    ),
  ]);
  return {
    n,
    numProblems,
    numBins: point.numBins,
    level,
    numResamples,
    ...(Object.fromEntries(estimates) as Record<EstimateName, Estimate>),
  };
}

/** The problem of each prefix as a number, in the order of the sorted prefixes. */
function numberProblems(problemIds: readonly string[], places: Int32Array) {
  const numbers = new Map<string, number>();
  for (const id of problemIds) if (!numbers.has(id)) numbers.set(id, numbers.size);
  const problems = Int32Array.from(places, (place) => numbers.get(problemIds[place] as string) as number);
  return { problems, numProblems: numbers.size };
}

/** Draws in which a measure has no value (all prefixes right, say) are left out of its quantiles. */
function estimateOf(value: number | null, draws: readonly (number | null)[], level: number): Estimate {
  const values = Float64Array.from(draws.filter((draw) => draw !== null)).sort();
  const bound = (share: number) => (value === null || values.length === 0 ? null : quantile(values, share));
  return { value, low: bound((1 - level) / 2), high: bound((1 + level) / 2) };
}

/** Linear between the two nearest of the ascending values. */
function quantile(values: Float64Array, share: number): number {
  const at = share * (values.length - 1);
  const below = Math.floor(at);
  const low = values[below] as number;
  const high = values[Math.min(below + 1, values.length - 1)] as number;
  return low + (high - low) * (at - below);
}
