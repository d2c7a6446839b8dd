/**
 * What one process of a run did, as opposed to what the run's files hold: tokens, seconds, memory. A resumed run has
 * several sessions; the manifest keeps the last one's numbers, and how many records it found there.
 */
import type { MergedShard } from "../data/manifest.js";
import type { RolloutPolicy } from "../policy/rollout-policy.js";
import type { StageCounts } from "../stages/stage-counts.js";

export interface SessionNumbers {
  counts: Record<string, number>;
  /** Seconds. */
  timings: Record<string, number>;
  /** Of a merge. */
  mergedFrom?: MergedShard[];
}

export class Session {
  readonly #startedAt = performance.now();
  #loadedAt: number | undefined;

  /** The model is loaded: from here on rollouts are timed. */
  loaded(): void {
    this.#loadedAt = performance.now();
  }

  numbers(policy: RolloutPolicy, counts: StageCounts, recordsBefore: number): SessionNumbers {
    const now = performance.now();
    const figures = policy.figures();
    const { completions, completionTokens, trunkTokens, prefixTokens, unsharedTokens } = counts;
    return {
      counts: {
        recordsBefore,
        rollouts: completions,
        sampledTokens: completionTokens,
        // Sums of bytes say nothing of tokens.
        ...(policy.trunkUnit === "token" && { trunkTokens, prefixTokens, unsharedTokens }),
        ...figures.counts,
        // Kibibytes on Linux.
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      },
      timings: {
        load: ((this.#loadedAt ?? now) - this.#startedAt) / 1000,
        run: (now - (this.#loadedAt ?? now)) / 1000,
        ...figures.timings,
      },
    };
  }
}
