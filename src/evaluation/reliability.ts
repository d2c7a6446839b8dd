/** Calibration of a model's step scores against the success rates of completions from the same prefixes. */
import { calibrationTable } from "../statistics/calibration.js";
import { type IntervalOptions, measureWithIntervals } from "../statistics/intervals.js";
import { type ScoredPrefixes, sortPrefixes } from "../statistics/measures.js";
import type { CountBias } from "./count-bias.js";
import type { CalibrationResult, ReliabilityBin } from "./evaluation.js";
import { boundsOf, groupMeans } from "./group-means.js";

/** `prefixes`: as `measureWithIntervals`, with the problem of each, and what biases their success rates. @throws as `measureWithIntervals` */
export async function calibrationResult(
  model: string,
  prefixes: ScoredPrefixes & { problemIds: readonly string[]; countBiases?: readonly CountBias[] | undefined },
  options: IntervalOptions,
): Promise<CalibrationResult> {
  const { n, numProblems, brierScore, constantBrierScore, areaUnderCurve, calibrationError } =
    await measureWithIntervals(prefixes, options);
  const bins = await binsOf(prefixes, options);
  const { countBiases = [] } = prefixes;
  return {
    ...{ model, n, numProblems, brierScore, constantBrierScore, areaUnderCurve, calibrationError, bins },
    ...(countBiases.length > 0 && { countBiases: [...countBiases] }),
  };
}

/** The bins of the calibration error, with the intervals of what stands in them; a prefix stays in its bin however problems are drawn. */
async function binsOf(
  prefixes: ScoredPrefixes & { problemIds: readonly string[] },
  { numBins, ...options }: IntervalOptions,
): Promise<ReliabilityBin[]> {
  const sorted = sortPrefixes(prefixes);
  const numbers = new Map([...new Set(prefixes.problemIds)].map((id, number) => [id, number]));
  const problems = Int32Array.from(sorted.places, (at) => numbers.get(prefixes.problemIds[at] as string) as number);
  const table = calibrationTable(sorted, numBins);
  let start = 0;
  const groups = table.flatMap(({ n }) => {
    const [from, to] = [start, start + n];
    start = to;
    const own = problems.subarray(from, to);
    return [
      { values: sorted.scores.subarray(from, to), problems: own, isShare: false },
      { values: sorted.successRates.subarray(from, to), problems: own, isShare: true },
    ];
  });
  const means = await groupMeans(groups, numbers.size, { ...options, onProgress: undefined });
  return table.map(({ low, high, n, meanScore, meanSuccessRate }, b) => ({
    ...{ low, high, n, meanScore, meanSuccessRate },
    meanScoreInterval: boundsOf(means[2 * b]),
    meanSuccessRateInterval: boundsOf(means[2 * b + 1]),
  }));
}
