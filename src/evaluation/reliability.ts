/** Calibration of a model's step scores against the success rates of completions from the same prefixes. */
import { calibrationTable } from "../statistics/calibration.js";
import { type IntervalOptions, measureWithIntervals } from "../statistics/intervals.js";
import { type ScoredPrefixes, sortPrefixes } from "../statistics/measures.js";
import type { CountBias } from "./count-bias.js";
import type { CalibrationResult } from "./evaluation.js";

/** `prefixes`: as `measureWithIntervals`, with the problem of each, and what biases their success rates. @throws as `measureWithIntervals` */
export async function calibrationResult(
  model: string,
  prefixes: ScoredPrefixes & { problemIds: readonly string[]; countBiases?: readonly CountBias[] | undefined },
  options: IntervalOptions,
): Promise<CalibrationResult> {
  const { n, numProblems, brierScore, constantBrierScore, areaUnderCurve, calibrationError } =
    await measureWithIntervals(prefixes, options);
  const bins = calibrationTable(sortPrefixes(prefixes), options.numBins).map(
    ({ low, high, n, meanScore, meanSuccessRate }) => ({ low, high, n, meanScore, meanSuccessRate }),
  );
  const { countBiases = [] } = prefixes;
  return {
    ...{ model, n, numProblems, brierScore, constantBrierScore, areaUnderCurve, calibrationError, bins },
    ...(countBiases.length > 0 && { countBiases: [...countBiases] }),
  };
}
