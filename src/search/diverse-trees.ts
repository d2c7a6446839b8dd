/** Diverse verifier tree search: trees that grow apart, each with one place, and no tree takes another one's. */
import { expectPositiveInteger } from "../check.js";
import { keepBest } from "./beam.js";
import type { Level, SearchEnd, SearchResult } from "./search-tools.js";
import { concluded, type Exploration, explore, numSlotsOf, type TreeSearchOptions } from "./tree-search.js";

/** The trees, in order. With a budget one after another, each with what those before have left; otherwise side by side. */
async function explorations(options: TreeSearchOptions, numTrees: number): Promise<Exploration[]> {
  const { width, budgetTokens } = options;
  const tree = (firstSlot: number, left?: number) =>
    explore({ ...options, beams: width, firstSlot, budgetTokens: left }, keepBest());
  if (budgetTokens === undefined) return Promise.all(Array.from({ length: numTrees }, (_, k) => tree(k)));
  const done: Exploration[] = [];
  let left = budgetTokens;
  while (done.length < numTrees && left > 0) {
    const one = await tree(done.length, left);
    done.push(one);
    left -= one.tokens;
  }
  return done;
}

/** What happened at one depth in all trees; one that had ended keeps what it had. */
function levelOf(trees: readonly Exploration[], depth: number): Level {
  const there = trees.flatMap(({ levels }) => levels.slice(depth, depth + 1));
  const total = (name: Exclude<keyof Level, "kept">) => there.reduce((sum, level) => sum + level[name], 0);
  const kept = trees.flatMap(({ levels }) => (levels[depth] ?? levels.at(-1))?.kept ?? []);
  return {
    prefixes: total("prefixes"),
    completions: total("completions"),
    tokens: total("tokens"),
    thrownAway: total("thrownAway"),
    ended: total("ended"),
    unreadable: total("unreadable"),
    kept: kept.sort((a, b) => b - a),
  };
}

/**
 * N / M trees from the empty prefix, N = `beams` and M = `width`; each goes on with the best of its own M extensions. What
 * ended is in the order of the trees. A budget is spent tree by tree: a few whole trees are worth more than many halves.
 * Source: github.com/huggingface/search-and-learn. Deviations: the answer is chosen among everything that ended; the budget.
 * @throws as `explore`
 */
export async function diverseTreeSearch(options: TreeSearchOptions): Promise<SearchResult> {
  const { budgetTokens } = options;
  if (budgetTokens !== undefined) expectPositiveInteger("budgetTokens", budgetTokens);
  const numTrees = numSlotsOf(options);
  const trees = await explorations(options, numTrees);
  const depth = Math.max(...trees.map(({ levels }) => levels.length));
  const ends = new Set<SearchEnd>(trees.map(({ end }) => end));
  if (trees.length < numTrees) ends.add("budget");
  const order: SearchEnd[] = ["budget", "max-steps", "all-ended"];
  return concluded({
    alive: trees.flatMap(({ alive }) => alive),
    unread: trees.find(({ unread }) => unread !== undefined)?.unread,
    solutions: trees.flatMap(({ solutions }) => solutions),
    levels: Array.from({ length: depth }, (_, d) => levelOf(trees, d)),
    tokens: trees.reduce((sum, { tokens }) => sum + tokens, 0),
    end: order.find((end) => ends.has(end)) as SearchEnd,
  });
}
