/** A queue without workers does nothing, and its writer looks busy all the same: how one is started is said now and then. */

const everyMs = 60_000;

export class WorkerCall {
  readonly #now: () => number;
  #since: number | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds, monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** Seconds without a worker, once a minute of them; undefined otherwise. To be called often. */
  due(numWorkers: number): number | undefined {
    const now = this.#now();
    if (numWorkers > 0) this.#since = undefined;
    else this.#since ??= now;
    if (this.#since === undefined) return undefined;
    if (now - Math.max(this.#since, this.#saidAt) < everyMs) return undefined;
    this.#saidAt = now;
    return (now - this.#since) / 1000;
  }
}
