/** Whole solutions, and the best of them: what a search has to be better than at the same budget. */
import { expectPositiveInteger, failArgument } from "../check.js";
import { aggregate } from "../data/selection.js";
import type { Aggregate } from "../types.js";
import { best, choose } from "./choose.js";
import type { Prefix, ScoredPrefix } from "./prefix.js";
import type { Level, PrefixScorer, SearchResult, SolutionSampler } from "./search-tools.js";
import { TokenBudget } from "./token-budget.js";

export interface BestOfNOptions {
  sample: SolutionSampler;
  score: PrefixScorer;
  /** N, at most; default: as many as the budget holds. */
  numSolutions?: number | undefined;
  budgetTokens?: number | undefined;
  aggregate: Aggregate;
}

/** How many are sampled while nothing is known of their length. */
const firstWave = 4;

/** How many to sample next: what the budget holds of solutions as long as those before. Decides about nothing but speed. */
function waveSize(missing: number, left: number, numSampled: number, tokens: number): number {
  if (left === Number.POSITIVE_INFINITY) return missing;
  if (numSampled === 0) return Math.min(missing, firstWave);
  return Math.max(1, Math.min(missing, Math.ceil((left * numSampled) / tokens)));
}

/**
 * Solutions in order of their index until there are N, or the budget does not hold the next one. One that the reward model
 * cannot read is one of the N, and is not chosen.
 * @throws ERPRM_INVALID_ARGUMENT when neither N nor a budget is given; whatever `sample` and `score` throw
 */
export async function bestOfNSearch(options: BestOfNOptions): Promise<SearchResult> {
  const { sample, score, numSolutions, budgetTokens, aggregate: how } = options;
  if (budgetTokens === undefined) {
    if (numSolutions === undefined) failArgument("numSolutions", "given where there is no budget", numSolutions);
  } else expectPositiveInteger("budgetTokens", budgetTokens);
  const wanted =
    numSolutions === undefined ? Number.POSITIVE_INFINITY : expectPositiveInteger("numSolutions", numSolutions);
  const budget = new TokenBudget(budgetTokens);
  const solutions: ScoredPrefix[] = [];
  const levels: Level[] = [];
  let first = 0;
  let unread: Prefix | undefined;
  while (!budget.exceeded && first < wanted && budget.left > 0) {
    const usedBefore = budget.used;
    const size = waveSize(wanted - first, budget.left, first, usedBefore);
    const sampled = await sample({ first, numSolutions: size, maxTokens: budget.left + 1 });
    const tooMany = sampled.findIndex(({ numTokens }) => !budget.take(numTokens));
    const prefixes = (tooMany < 0 ? sampled : sampled.slice(0, tooMany)).map(({ prefix }) => prefix);
    const foundBefore = solutions.length;
    for (const [i, stepScores] of (await score(prefixes)).entries()) {
      const prefix = prefixes[i] as Prefix;
      if (stepScores) solutions.push({ prefix, stepScores, score: aggregate(stepScores, how) });
      else unread ??= prefix;
    }
    first += prefixes.length;
    const top = best(solutions);
    levels.push({
      prefixes: 1,
      completions: prefixes.length,
      tokens: budget.used - usedBefore,
      thrownAway: 0,
      ended: prefixes.length,
      unreadable: prefixes.length - (solutions.length - foundBefore),
      kept: top ? [top.score] : [],
    });
  }
  const end = first >= wanted ? "max-solutions" : "budget";
  return { ...choose(solutions, [], unread), solutions, levels, tokens: budget.used, end };
}
