/**
 * Scores for many searches at a time: what they ask for while the reward model is busy goes through it together, so that
 * a forward pass is full however few prefixes one search has.
 */
import type { RewardModel } from "../reward/reward-model.js";
import type { Prefix } from "./prefix.js";

/** What was read so far; the caller owns the object. */
export interface SearchScoreCounts {
  /** Prefixes that the reward model read; equal ones of one level are read once. */
  scoredPrefixes: number;
  /** Their tokens, prompts and tags included. */
  scoredTokens: number;
  /** Seconds in which the reward model had work; the policy may have had some at the same time. */
  scoringSeconds: number;
}

export function newScoreCounts(): SearchScoreCounts {
  return { scoredPrefixes: 0, scoredTokens: 0, scoringSeconds: 0 };
}

interface Waiting {
  question: string;
  steps: readonly string[];
  what: string;
  resolve: (stepScores: number[] | undefined) => void;
  reject: (error: unknown) => void;
}

export class ScoreQueue {
  readonly #counts: SearchScoreCounts;
  readonly #rewardModel: Pick<RewardModel, "score">;
  readonly #tokenBudget: number | undefined;
  #waiting: Waiting[] = [];
  #working = false;

  /** `tokenBudget`: as of `RewardModel.score`. */
  constructor(rewardModel: Pick<RewardModel, "score">, tokenBudget?: number, counts = newScoreCounts()) {
    this.#counts = counts;
    this.#rewardModel = rewardModel;
    this.#tokenBudget = tokenBudget;
  }

  /**
   * Step scores of prefixes of one problem; undefined for one that the reward model cannot read (`RewardModel.unfit`). Sampling
   * that goes on comes by such prefixes, and by the same ones whenever it is tried again: no search may end by them.
   * @throws ERPRM_NUMERICAL, ERPRM_OUT_OF_MEMORY, ERPRM_DISPOSED as `RewardModel.scoreSteps`, naming the problem
   */
  score(
    problem: { id: string; question: string },
    prefixes: readonly Prefix[],
  ): Promise<(readonly number[] | undefined)[]> {
    const known = new Map<string, Promise<number[] | undefined>>();
    const scores = prefixes.map(({ steps }) => {
      const key = JSON.stringify(steps);
      const scored = known.get(key) ?? this.#enqueue(problem, steps);
      known.set(key, scored);
      return scored;
    });
    if (!this.#working && this.#waiting.length > 0) void this.#work();
    return Promise.all(scores);
  }

  #enqueue(
    { id, question }: { id: string; question: string },
    steps: readonly string[],
  ): Promise<number[] | undefined> {
    const what = `a solution of problem ${JSON.stringify(id)}`;
    return new Promise((resolve, reject) => this.#waiting.push({ question, steps, what, resolve, reject }));
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#scoreAll(batch);
    }
    this.#working = false;
  }

  /** A failure is met at the place of the prefix it is about: the first that is still waiting. */
  async #scoreAll(batch: Waiting[]): Promise<void> {
    const waiting = new Set(batch);
    const onUnfit = (one: Waiting) => {
      one.resolve(undefined);
      waiting.delete(one);
    };
    let since = performance.now();
    while (waiting.size > 0) {
      try {
        const options = { tokenBudget: this.#tokenBudget, onUnfit };
        for await (const { value, stepScores, numTokens } of this.#rewardModel.score([...waiting], options)) {
          const now = performance.now();
          this.#counts.scoringSeconds += (now - since) / 1000;
          since = now;
          this.#counts.scoredPrefixes += 1;
          this.#counts.scoredTokens += numTokens;
          value.resolve(stepScores);
          waiting.delete(value);
        }
        return;
      } catch (error) {
        const [failed] = waiting;
        if (failed === undefined) return;
        failed.reject(error);
        waiting.delete(failed);
      }
    }
  }
}
