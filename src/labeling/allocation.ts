/**
 * What to sample next, from what was counted so far. A rule is a function of the counts alone, so a resumed run takes the
 * same decisions, and the completions of a prefix are always the first ones of its random stream: a run with more of them
 * has the same beginning.
 */
import { expectInteger, expectNumberIn, expectPositiveInteger, failArgument } from "../check.js";
import { parseLabelName } from "../data/label-name.js";
import type { Allocation, Outcome } from "../types.js";
import { expectedGain } from "./expected-gain.js";
import { nextInSearch } from "./first-error.js";
import { isSettled } from "./label-interval.js";

/** What was counted of one prefix. */
export interface PrefixCounts {
  numCompletions: number;
  numCorrect: number;
}

type Adaptive = Allocation & { kind: "adaptive" | "gain" };
type Search = Allocation & { kind: "first-error" };

/** @throws ERPRM_INVALID_ARGUMENT */
export function checkAllocation(allocation: Allocation): Allocation {
  if (allocation.kind === "adaptive" || allocation.kind === "gain") return checkAdaptive(allocation);
  expectPositiveInteger("numCompletions", allocation.numCompletions);
  if (allocation.kind === "first-error" && allocation.minCompletions !== undefined) {
    expectInteger("minCompletions", allocation.minCompletions, 1, allocation.numCompletions);
  }
  return allocation;
}

function checkAdaptive(allocation: Adaptive): Adaptive {
  const { label, minCompletions, maxCompletions } = allocation;
  const { name, kind } = parseLabelName(label);
  if (kind === "hard") {
    failArgument("the label of adaptive sampling", "soft or er:ETA: a hard label has no interval", label);
  }
  const [what, bound] =
    allocation.kind === "gain" ? ["the gain", allocation.gain] : ["the tolerance", allocation.tolerance];
  if (!(bound > 0)) failArgument(what, "a number above 0", bound);
  expectNumberIn(what, bound, 0, 0.5);
  expectPositiveInteger("minCompletions", minCompletions);
  expectInteger("maxCompletions", maxCompletions, minCompletions);
  return { ...allocation, label: name };
}

/**
 * How many completions to sample of each prefix in the next round; all 0 when the solution is done. `counts`: one for each
 * step but the last; `outcome`: the solution's own.
 */
export function nextRound(allocation: Allocation, counts: readonly PrefixCounts[], outcome: Outcome): number[] {
  switch (allocation.kind) {
    case "fixed":
      return counts.map(({ numCompletions }) => allocation.numCompletions - numCompletions);
    case "adaptive":
      return counts.map((count) => (isSettled(allocation, count) ? 0 : adaptiveRound(allocation, count)));
    case "gain":
      return counts.map((count) => {
        const isEnough = count.numCompletions > 0 && expectedGain(allocation.label, count) <= allocation.gain;
        return isEnough ? 0 : adaptiveRound(allocation, count);
      });
    case "first-error":
      if (outcome === 1) return counts.map((count) => searchRound(allocation, count));
      return wrongSolutionRound(allocation, counts);
  }
}

/** The prefix that is being measured, else the next one of the search; one at a time. */
function wrongSolutionRound(allocation: Search, counts: readonly PrefixCounts[]): number[] {
  const isOpen = (count: PrefixCounts) => count.numCompletions > 0 && searchRound(allocation, count) > 0;
  const open = counts.findIndex(isOpen);
  const next = open === -1 ? nextInSearch(counts) : open;
  return counts.map((count, t) => (t === next ? searchRound(allocation, count) : 0));
}

function searchRound({ numCompletions, minCompletions = numCompletions }: Search, count: PrefixCounts): number {
  return count.numCorrect > 0 ? 0 : roundOf(count, minCompletions, numCompletions);
}

function adaptiveRound({ minCompletions, maxCompletions }: Adaptive, count: PrefixCounts): number {
  return roundOf(count, minCompletions, maxCompletions);
}

/** Rounds grow by half: few enough that the trunk is not computed often, small enough that little is sampled in vain. */
function roundOf({ numCompletions }: PrefixCounts, least: number, most: number): number {
  if (numCompletions === 0) return least;
  return Math.min(Math.ceil(numCompletions / 2), most - numCompletions);
}
