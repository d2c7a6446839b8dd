/**
 * The nominal 95 % interval of a label: a label grows with the success rate p, so its bounds are the labels at the bounds of p.
 * Those are Wilson's: closed form, so that the same counts end the sampling on every machine, never of width 0 (none or all
 * of few completions correct says little), and close to 95 % for all p and K on average. That is so for a K fixed beforehand: where
 * sampling stops because the interval is narrow, it has the true label less often (docs/method.md).
 */
import { parseLabelName } from "../data/label-name.js";
import { labelAt } from "../data/label-value.js";
import { wilson } from "../statistics/wilson.js";
import type { LabelName } from "../types.js";
import type { PrefixCounts } from "./allocation.js";

/** Half the width of the interval of `soft` or `er:ETA`; without completions a label may be anything from 0 to 1. */
export function halfWidth(label: LabelName, { numCompletions, numCorrect }: PrefixCounts): number {
  const interval = wilson(numCorrect, numCompletions);
  if (interval === undefined) return 0.5;
  const name = parseLabelName(label);
  return (labelAt(name, interval.high) - labelAt(name, interval.low)) / 2;
}

/** Whether the label is known within the tolerance. */
export function isSettled(
  { label, tolerance }: { label: LabelName; tolerance: number },
  counts: PrefixCounts,
): boolean {
  return halfWidth(label, counts) <= tolerance;
}
