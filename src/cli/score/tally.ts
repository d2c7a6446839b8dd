/** What the scores of a run add up to: counts, and how well each aggregate tells right solutions from wrong ones. */
import { aggregates } from "../../data/selection.js";
import { areaUnderCurve, sortPrefixes } from "../../statistics/measures.js";
import type { Aggregate, Outcome, ScoreRecord } from "../../types.js";

export class ScoreTally {
  readonly #problems = new Set<string>();
  readonly #outcomes: Outcome[] = [];
  /** Of the solutions that have an outcome. */
  readonly #scores: Record<Aggregate, number[]> = { min: [], last: [], mean: [], product: [] };
  #scored = 0;
  #steps = 0;

  add(record: ScoreRecord, outcome: Outcome | undefined): void {
    this.#problems.add(record.problemId);
    this.#scored += 1;
    this.#steps += record.stepScores.length;
    if (outcome === undefined) return;
    this.#outcomes.push(outcome);
    for (const how of aggregates) this.#scores[how].push(record.scores[how]);
  }

  /** Numbers without a basis (no outcomes, or only right ones) are left out. */
  get counts(): Record<string, number> {
    const right = this.#outcomes.filter((outcome) => outcome === 1).length;
    const counts: Record<string, number> = { problems: this.#problems.size, scored: this.#scored, steps: this.#steps };
    if (this.#outcomes.length > 0) Object.assign(counts, { right, wrong: this.#outcomes.length - right });
    for (const how of aggregates) Object.assign(counts, this.#ofAggregate(how));
    return counts;
  }

  #ofAggregate(how: Aggregate): Record<string, number> {
    const scores = this.#scores[how];
    const meanOf = (outcome: Outcome) => {
      const chosen = scores.filter((_, i) => this.#outcomes[i] === outcome);
      return chosen.reduce((sum, score) => sum + score, 0) / chosen.length;
    };
    const named = {
      [`${how} right`]: meanOf(1),
      [`${how} wrong`]: meanOf(0),
      [`${how} area`]: areaUnderCurve(sortPrefixes({ scores, successRates: this.#outcomes })),
    };
    return Object.fromEntries(Object.entries(named).filter(([, value]) => Number.isFinite(value)));
  }
}
