/**
 * What to sample next, from what was counted so far. A rule is a function of the counts alone, so a resumed run takes the
 * same decisions, and the completions of a prefix are always the first ones of its random stream: a run with more of them
 * has the same beginning.
 */
import { expectInteger, expectNumberIn, expectPositiveInteger, failArgument } from "../check.js";
import { parseLabelName } from "../data/label-name.js";
import type { Allocation, Outcome } from "../types.js";
import { nextInSearch } from "./first-error.js";
import { isSettled } from "./label-interval.js";

/** What was counted of one prefix. */
export interface PrefixCounts {
  numCompletions: number;
  numCorrect: number;
}

/** @throws ERPRM_INVALID_ARGUMENT */
export function checkAllocation(allocation: Allocation): Allocation {
  if (allocation.kind !== "adaptive") {
    expectPositiveInteger("numCompletions", allocation.numCompletions);
    return allocation;
  }
  const { label, minCompletions, maxCompletions, tolerance } = allocation;
  const { name, kind } = parseLabelName(label);
  if (kind === "hard") failArgument("the tolerance's label", "soft or er:ETA: a hard label has no interval", label);
  if (!(tolerance > 0)) failArgument("the tolerance", "a number above 0", tolerance);
  expectNumberIn("the tolerance", tolerance, 0, 0.5);
  expectPositiveInteger("minCompletions", minCompletions);
  expectInteger("maxCompletions", maxCompletions, minCompletions);
  return { ...allocation, label: name };
}

/**
 * How many completions to sample of each prefix in the next round; all 0 when the solution is done. `counts`: one for each
 * step but the last; `outcome`: the solution's own.
 */
export function nextRound(allocation: Allocation, counts: readonly PrefixCounts[], outcome: Outcome): number[] {
  if (allocation.kind === "adaptive") return counts.map((count) => nextAdaptive(allocation, count));
  const { kind, numCompletions } = allocation;
  if (kind === "fixed" || outcome === 1) return counts.map((count) => numCompletions - count.numCompletions);
  const next = nextInSearch(counts);
  return counts.map((_, t) => (t === next ? numCompletions : 0));
}

/** Rounds grow by half: few enough that the trunk is not computed often, small enough that little is sampled in vain. */
function nextAdaptive(allocation: Allocation & { kind: "adaptive" }, count: PrefixCounts): number {
  const { minCompletions, maxCompletions } = allocation;
  const { numCompletions } = count;
  if (numCompletions === 0) return minCompletions;
  if (numCompletions >= maxCompletions || isSettled(allocation, count)) return 0;
  return Math.min(Math.ceil(numCompletions / 2), maxCompletions - numCompletions);
}
