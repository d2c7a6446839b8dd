/** What the records of a search run add up to. */
import type { SearchRecord } from "../../search/search-record.js";
import { searchEnds } from "../../search/search-tools.js";
import type { Solution } from "../../types.js";
import { SolutionTally } from "../tally.js";

export class SearchTally {
  readonly #solutions = new SolutionTally();
  readonly #counts = { searchTokens: 0, thrownAwayTokens: 0, levels: 0, found: 0, unreadable: 0, withoutEnd: 0 };
  readonly #ends = Object.fromEntries(searchEnds.map((end) => [`end ${end}`, 0]));
  #anyCorrect = 0;

  add(solution: Solution, { tokens, levels, solutions, chosen, end }: SearchRecord): void {
    this.#solutions.add(solution);
    const counts = this.#counts;
    counts.searchTokens += tokens;
    counts.thrownAwayTokens += levels.reduce((sum, { thrownAway }) => sum + thrownAway, 0);
    counts.unreadable += levels.reduce((sum, { unreadable }) => sum + unreadable, 0);
    counts.levels += levels.length;
    counts.found += solutions.length;
    if (chosen === undefined) counts.withoutEnd += 1;
    this.#ends[`end ${end}`] = (this.#ends[`end ${end}`] ?? 0) + 1;
    if (solutions.some(({ outcome }) => outcome === 1)) this.#anyCorrect += 1;
  }

  /** `anyCorrect`: problems with a right solution among those found; `withoutEnd`: answered by a prefix that had not ended or had no score. */
  get counts(): Record<string, number> {
    return { ...this.#solutions.counts, ...this.#counts, anyCorrect: this.#anyCorrect, ...this.#ends };
  }
}
