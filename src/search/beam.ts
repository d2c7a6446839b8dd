/** Beam search: of all contenders the best K are kept, whichever prefixes they come from. */
import type { SearchResult } from "./search-tools.js";
import { type Contender, concluded, explore, type KeepRule, type TreeSearchOptions } from "./tree-search.js";

export interface BeamSearchOptions extends TreeSearchOptions {
  /**
   * Copies are kept like any other prefix. Default false: of equal prefixes one is kept, because a confident policy writes
   * the same step many times, and the copies would soon hold all places.
   */
  keepEqual?: boolean | undefined;
}

/** Best first; of equal scores the earlier contender. */
function bestFirst(contenders: readonly Contender[]): Contender[] {
  return [...contenders].sort((a, b) => b.score - a.score);
}

function withoutCopies(contenders: readonly Contender[]): Contender[] {
  const seen = new Set<string>();
  return contenders.filter(({ prefix: { steps, finishReason } }) => {
    const key = JSON.stringify([finishReason ?? null, ...steps]);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** The best of all contenders. */
export function keepBest({ keepEqual = false } = {}): KeepRule {
  return (contenders, numSlots) => {
    const ranked = bestFirst(contenders);
    const kept = (keepEqual ? ranked : withoutCopies(ranked)).slice(0, numSlots);
    return kept.map(({ prefix, stepScores, score }) => ({ prefix, stepScores, score }));
  };
}

/**
 * N = `beams` extensions of the empty prefix, then M = `width` extensions of each of the best N / M prefixes, and so on.
 * Source: github.com/huggingface/search-and-learn. Deviations: copies are not kept (`keepEqual`); an ended prefix holds its
 * place among the kept ones while its score does, and is not replaced by copies of the others; the answer is chosen among
 * everything that ended.
 * @throws as `explore`
 */
export async function beamSearch({ keepEqual, ...options }: BeamSearchOptions): Promise<SearchResult> {
  return concluded(await explore(options, keepBest({ keepEqual })));
}
