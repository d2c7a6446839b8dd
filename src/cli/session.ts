/**
 * What one process of a run did, as opposed to what the run's files hold: tokens, seconds, memory. A resumed run has
 * several sessions; the manifest keeps the last one's numbers, and how many records it found there.
 */
import type { Policy } from "../policy/policy.js";
import type { StageCounts } from "../stages/stage-counts.js";

export interface SessionNumbers {
  counts: Record<string, number>;
  /** Seconds. */
  timings: Record<string, number>;
}

export class Session {
  readonly #startedAt = performance.now();
  #loadedAt: number | undefined;

  /** The model is loaded: from here on rollouts are timed. */
  loaded(): void {
    this.#loadedAt = performance.now();
  }

  numbers(policy: Policy, counts: StageCounts, recordsBefore: number): SessionNumbers {
    const now = performance.now();
    const stats = policy.stats();
    return {
      counts: {
        recordsBefore,
        rollouts: counts.completions,
        sampledTokens: counts.completionTokens,
        promptTokensComputed: stats.promptTokens,
        trunkTokens: counts.trunkTokens,
        prefixTokens: counts.prefixTokens,
        unsharedTokens: counts.unsharedTokens,
        recomputedTokens: stats.recomputedTokens,
        kvBytesPeak: stats.kvBytesPeak,
        // Kibibytes on Linux.
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      },
      timings: {
        load: ((this.#loadedAt ?? now) - this.#startedAt) / 1000,
        run: (now - (this.#loadedAt ?? now)) / 1000,
        engine: stats.busySeconds,
      },
    };
  }
}
