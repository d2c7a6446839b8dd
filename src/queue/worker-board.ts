/**
 * Who works on a run, as far as the writer has heard: workers say it every few seconds. Ages come as durations and are
 * continued with this process's own monotonic clock, so no two clocks are compared and none may jump.
 */
import type { QueueProcess, WorkerState } from "./messages.js";

export interface HeldUnit {
  place: number;
  name: string;
  /** Since its worker took it. */
  seconds: number;
  worker: QueueProcess;
}

/** `node3:4711`. */
export function workerName({ host, pid }: QueueProcess): string {
  return `${host}:${pid}`;
}

export class WorkerBoard {
  readonly #now: () => number;
  readonly #silenceMs: number;
  readonly #heard = new Map<string, { state: WorkerState; at: number }>();
  readonly #seen = new Set<string>();

  /** `silenceMs`: a worker that says nothing for so long is taken for gone. `now`: milliseconds, monotonic. */
  constructor({ silenceMs = 15_000, now = () => performance.now() }: { silenceMs?: number; now?: () => number } = {}) {
    this.#silenceMs = silenceMs;
    this.#now = now;
  }

  /** What there is to tell of it: a worker that is new, or left. */
  heard(state: WorkerState): string | undefined {
    const { id } = state.worker;
    if (state.left) {
      const wasThere = this.#heard.delete(id);
      return wasThere ? `worker ${workerName(state.worker)} left after ${state.done} units` : undefined;
    }
    const isNew = !this.#heard.has(id);
    this.#seen.add(id);
    this.#heard.set(id, { state, at: this.#now() });
    return isNew ? `worker ${workerName(state.worker)} is here (${this.#heard.size} now)` : undefined;
  }

  /** Forgets the workers that fell silent, and tells of each. */
  dropSilent(): string[] {
    const gone: string[] = [];
    for (const [id, { state, at }] of this.#heard) {
      if (this.#now() - at <= this.#silenceMs) continue;
      this.#heard.delete(id);
      const held = state.holds.length > 0 ? `; the ${state.holds.length} units that it held go to others` : "";
      gone.push(
        `nothing was heard of worker ${workerName(state.worker)} for ${Math.round((this.#now() - at) / 1000)} s${held}`,
      );
    }
    return gone;
  }

  /** Workers that are there. */
  get numWorkers(): number {
    return this.#heard.size;
  }

  /** Workers that were there at any time. */
  get numSeen(): number {
    return this.#seen.size;
  }

  /** The unit that has been in somebody's hands for the longest. */
  oldest(): HeldUnit | undefined {
    let oldest: HeldUnit | undefined;
    for (const { state, at } of this.#heard.values()) {
      const since = (this.#now() - at) / 1000;
      for (const { place, name, seconds } of state.holds) {
        if (!oldest || seconds + since > oldest.seconds) {
          oldest = { place, name, seconds: seconds + since, worker: state.worker };
        }
      }
    }
    return oldest;
  }
}
