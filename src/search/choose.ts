/** The one that a search answers with. */
import type { Prefix, ScoredPrefix } from "./prefix.js";
import type { SearchResult } from "./search-tools.js";

/** The highest score, of equal ones the first; undefined for none. */
export function best(prefixes: readonly ScoredPrefix[]): ScoredPrefix | undefined {
  return prefixes.reduce<ScoredPrefix | undefined>(
    (first, one) => (first !== undefined && first.score >= one.score ? first : one),
    undefined,
  );
}

/**
 * The best of the solutions that ended by themselves. Only where there is none, the best of what a limit cut off: solutions
 * first, then the prefixes that were still `alive`. Where nothing has a score: the first thing sampled, `unread`.
 */
export function choose(
  solutions: readonly ScoredPrefix[],
  alive: readonly ScoredPrefix[],
  unread?: Prefix,
): Pick<SearchResult, "chosen" | "chosenIndex"> {
  const stopped = solutions.filter(({ prefix }) => prefix.finishReason === "stop");
  const found = best(stopped) ?? best([...solutions, ...alive]) ?? unscored(unread);
  if (found === undefined) throw new TypeError("A search that sampled nothing has no answer");
  const index = solutions.indexOf(found);
  if (index >= 0) return { chosen: found, chosenIndex: index };
  return { chosen: { ...found, prefix: { ...found.prefix, finishReason: found.prefix.finishReason ?? "length" } } };
}

function unscored(prefix: Prefix | undefined): ScoredPrefix | undefined {
  return prefix && { prefix, stepScores: [], score: 0 };
}
