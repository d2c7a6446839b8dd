/**
 * The measures of step scores with their intervals, by the bootstrap over problems (bootstrap.ts). The calibration error never
 * falls below its noise, so its interval lies high.
 */
import { failArgument } from "../check.js";
import { type BootstrapOptions, bootstrap, defaultBootstrap, type Estimate } from "./bootstrap.js";
import {
  type MeasureName,
  type Measures,
  measureNames,
  measureSorted,
  type ScoredPrefixes,
  sortPrefixes,
} from "./measures.js";

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

export interface IntervalOptions extends BootstrapOptions {
  numBins?: number | undefined;
}

const estimateNames: readonly EstimateName[] = [...measureNames, "brierGain"];

/** In the order of `estimateNames`; NaN where a measure has no value. */
function rowOf(measures: Measures): number[] {
  const { brierScore, constantBrierScore } = measures;
  const brierGain = brierScore === null || constantBrierScore === null ? null : constantBrierScore - brierScore;
  return [...measureNames.map((name) => measures[name]), brierGain].map((value) => value ?? Number.NaN);
}

/**
 * The measures with their intervals, a function of the prefixes and the seed. `problemIds`: the problem of each prefix.
 * @throws ERPRM_INVALID_ARGUMENT for options out of range and as `measure`; ERPRM_ABORTED
 */
export async function measureWithIntervals(
  prefixes: ScoredPrefixes & { problemIds: readonly string[] },
  { numBins, ...options }: IntervalOptions,
): Promise<MeasuresWithIntervals> {
  const { numResamples = defaultBootstrap.numResamples, level = defaultBootstrap.level } = options;
  const sorted = sortPrefixes(prefixes);
  const n = sorted.scores.length;
  if (prefixes.problemIds.length !== n)
    failArgument("problemIds", `${n} ids, one a score,`, prefixes.problemIds.length);
  const { problems, numProblems } = numberProblems(prefixes.problemIds, sorted.places);
  const drawn = { ...sorted, weights: new Float64Array(n) };
  const measuresOf = (times: Float64Array) => {
    for (let i = 0; i < n; i++) {
      drawn.weights[i] = (sorted.weights[i] as number) * (times[problems[i] as number] as number);
    }
    return rowOf(measureSorted(drawn, numBins));
  };
  const estimates = await bootstrap(numProblems, measuresOf, options);
  const named = Object.fromEntries(estimateNames.map((name, i) => [name, estimates[i]]));
  return {
    n,
    numProblems,
    numBins: measureSorted(sorted, numBins).numBins,
    level,
    numResamples,
    ...(named as Record<EstimateName, Estimate>),
  };
}

/** The problem of each prefix as a number, in the order of the sorted prefixes. */
function numberProblems(problemIds: readonly string[], places: Int32Array) {
  const numbers = new Map<string, number>();
  for (const id of problemIds) if (!numbers.has(id)) numbers.set(id, numbers.size);
  const problems = Int32Array.from(places, (place) => numbers.get(problemIds[place] as string) as number);
  return { problems, numProblems: numbers.size };
}
