/**
 * The learning rate of update k of n, k from 1, with W updates of warm-up:
 *   k <= W     peak * k / (W + 1)
 *   k >  W     t = (k - 1 - W) / (n - W), in [0, 1):
 *     constant   peak
 *     linear     floor + (peak - floor) * (1 - t)
 *     cosine     floor + (peak - floor) * (1 + cos(pi t)) / 2
 * No update is wasted on a rate of 0: the warm-up starts above it, and the floor would be reached by update n + 1.
 */
import { expectFiniteNumber, expectInteger, expectNumberIn, expectOneOf, failArgument } from "../check.js";

export const scheduleShapes = ["cosine", "linear", "constant"] as const;
export type ScheduleShape = (typeof scheduleShapes)[number];

export interface Schedule {
  shape: ScheduleShape;
  /** The largest learning rate, above 0. */
  peak: number;
  /** In [0, peak]; not used by `constant`. Default 0. */
  floor?: number | undefined;
  /** Below 1: share of all updates, rounded; from 1: number of updates. Default 0. Never more than all but one. */
  warmup?: number | undefined;
}

/** @throws ERPRM_INVALID_ARGUMENT naming the field */
export function checkSchedule({ shape, peak, floor = 0, warmup = 0 }: Schedule): void {
  expectOneOf("the schedule", shape, scheduleShapes);
  if (expectFiniteNumber("the learning rate", peak) <= 0) failArgument("the learning rate", "above 0", peak);
  expectNumberIn("the smallest learning rate", floor, 0, peak);
  if (warmup >= 1) expectInteger("the warm-up", warmup);
  else expectNumberIn("the warm-up", warmup, 0, 1);
}

/** Updates of warm-up among `numUpdates`. */
export function warmupUpdates(warmup: number, numUpdates: number): number {
  const wanted = warmup < 1 ? Math.round(warmup * numUpdates) : warmup;
  return Math.max(0, Math.min(wanted, numUpdates - 1));
}

/**
 * The learning rate of update `updateIndex` of `numUpdates` (the equations above).
 * @throws ERPRM_INVALID_ARGUMENT for an index outside 1 .. numUpdates and as `checkSchedule`
 */
export function learningRateAt(schedule: Schedule, updateIndex: number, numUpdates: number): number {
  checkSchedule(schedule);
  expectInteger("the number of updates", numUpdates, 1);
  expectInteger("the update", updateIndex, 1, numUpdates);
  const { shape, peak, floor = 0, warmup = 0 } = schedule;
  const warm = warmupUpdates(warmup, numUpdates);
  if (updateIndex <= warm) return (peak * updateIndex) / (warm + 1);
  // At t = 0 floor + (peak - floor) may differ from the peak in its last bit.
  if (shape === "constant" || updateIndex === warm + 1) return peak;
  const t = (updateIndex - 1 - warm) / (numUpdates - warm);
  return floor + (peak - floor) * (shape === "linear" ? 1 - t : (1 + Math.cos(Math.PI * t)) / 2);
}
