/** Beam search: of all contenders the best K are kept, whichever prefixes they come from. */
import type { SearchResult } from "./search-tools.js";
import { type KeepRule, type TreeSearchOptions, treeSearch } from "./tree-search.js";

/** Best first; of equal scores the earlier contender. */
export const keepBest: KeepRule = (contenders, numSlots) =>
  [...contenders]
    .sort((a, b) => b.score - a.score)
    .slice(0, numSlots)
    .map(({ slot: _, ...kept }) => kept);

/**
 * N = `beams` extensions a level, the best N / M of them extended by M = `width` completions each.
 * Source: github.com/huggingface/search-and-learn. Deviations: an ended prefix holds its place among the kept ones while its
 * score does, and is not replaced by copies of the others; the answer is chosen among everything that ended.
 * @throws as `treeSearch`
 */
export function beamSearch(options: TreeSearchOptions): Promise<SearchResult> {
  return treeSearch(options, keepBest);
}
