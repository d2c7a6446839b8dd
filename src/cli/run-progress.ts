/** The progress of a sampling run: records by the stage, rollouts a second by the engine, refreshed while neither moves. */
import type { RolloutPolicy } from "../policy/rollout-policy.js";
import { Progress, type ProgressOptions } from "./progress.js";

const refreshMs = 500;

export class RunProgress {
  readonly #progress: Progress;
  readonly #policy: RolloutPolicy;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #done: number;

  constructor(policy: RolloutPolicy, options: ProgressOptions & { done: number }) {
    this.#progress = new Progress(options);
    this.#policy = policy;
    this.#done = options.done;
    this.#timer = setInterval(() => this.#show(), refreshMs);
    // A timer alone should not keep a process alive.
    this.#timer.unref();
  }

  advance(): void {
    this.#done += 1;
    this.#show();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#progress.end();
  }

  #show(): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const { completions, completionTokens } = this.#policy.stats();
    const rates = `${(completions / seconds).toFixed(1)} rollouts/s, ${(completionTokens / seconds).toFixed(0)} tokens/s`;
    const notes = [completions > 0 ? rates : "", this.#policy.progressNote?.() ?? ""];
    this.#progress.update(this.#done, notes.filter((note) => note !== "").join(", "));
  }
}
