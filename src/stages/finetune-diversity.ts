/** How different the solutions of one problem are: a policy that collapses writes one solution again and again. */
import type { Solution } from "../types.js";

export interface DistinctCounts {
  distinct: number;
  /** What they are counted among. */
  total: number;
}

/** Final answers that differ as texts, among all solutions: one that states no answer adds to the total alone. */
export function distinctAnswers(solutions: readonly Pick<Solution, "finalAnswer">[]): DistinctCounts {
  const answers = solutions.flatMap(({ finalAnswer }) => (finalAnswer === undefined ? [] : [finalAnswer]));
  return { distinct: new Set(answers).size, total: solutions.length };
}

/** Token ids are below this: pairs of them are exact numbers. */
const maxIds = 2 ** 26;

/** The 4-grams of token ids within each sequence that differ, among all of them. */
export function distinctNgrams(sequences: readonly ArrayLike<number>[]): DistinctCounts {
  // A pair of tokens has a number, a 4-gram is a pair of pairs: sets of numbers are several times faster than of texts.
  const pairs = new Map<number, number>();
  const numberOf = (first: number, second: number) => {
    const key = first * maxIds + second;
    const known = pairs.get(key) ?? pairs.size;
    if (known === pairs.size) pairs.set(key, known);
    return known;
  };
  const grams = new Set<number>();
  let total = 0;
  for (const ids of sequences) {
    for (let i = 0; i + 3 < ids.length; i++) {
      const first = numberOf(ids[i] as number, ids[i + 1] as number);
      grams.add(first * maxIds + numberOf(ids[i + 2] as number, ids[i + 3] as number));
      total += 1;
    }
  }
  return { distinct: grams.size, total };
}
