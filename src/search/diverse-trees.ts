/** Diverse verifier tree search: the slots are trees of their own, and no tree takes another one's place. */
import { best } from "./choose.js";
import type { SearchResult } from "./search-tools.js";
import { type KeepRule, type TreeSearchOptions, treeSearch } from "./tree-search.js";

/** The best of each slot's own contenders, of equal ones the first. */
export const keepBestOfSlot: KeepRule = (contenders, numSlots) =>
  Array.from({ length: numSlots }, (_, own) => {
    const found = best(contenders.filter(({ slot }) => slot === own));
    return found && { prefix: found.prefix, stepScores: found.stepScores, score: found.score };
  });

/**
 * N / M trees from the empty prefix, N = `beams` and M = `width`; each goes on with the best of its own M extensions.
 * Source: github.com/huggingface/search-and-learn. Deviation: the answer is chosen among everything that ended.
 * @throws as `treeSearch`
 */
export function diverseTreeSearch(options: TreeSearchOptions): Promise<SearchResult> {
  return treeSearch(options, keepBestOfSlot);
}
