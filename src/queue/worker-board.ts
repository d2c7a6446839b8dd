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
  /** Its worker is gone, and no other one has it yet. */
  isLeft: boolean;
}

/** `node3:4711`. */
export function workerName({ host, pid }: QueueProcess): string {
  return `${host}:${pid}`;
}

export interface WorkerBoardOptions {
  /** Of the run: after so long the server hands out what nobody says a word of. */
  ackWaitSeconds: number;
  silenceMs?: number;
  now?: () => number;
}

export class WorkerBoard {
  readonly #now: () => number;
  readonly #silenceMs: number;
  readonly #ackWaitSeconds: number;
  readonly #heard = new Map<string, { state: WorkerState; at: number }>();
  readonly #seen = new Set<string>();
  /** Units of workers that fell silent, by place. */
  readonly #left = new Map<number, { unit: HeldUnit; at: number }>();

  /** `silenceMs`: a worker that says nothing for so long is taken for gone. `now`: milliseconds, monotonic. */
  constructor({ ackWaitSeconds, silenceMs = 15_000, now = () => performance.now() }: WorkerBoardOptions) {
    this.#ackWaitSeconds = ackWaitSeconds;
    this.#silenceMs = silenceMs;
    this.#now = now;
  }

  /** What there is to tell of it: a worker that is new, or left. */
  heard(state: WorkerState): string | undefined {
    const { id } = state.worker;
    for (const { place } of state.holds) this.#left.delete(place);
    if (state.left) {
      const wasThere = this.#heard.delete(id);
      return wasThere ? `worker ${workerName(state.worker)} left after ${state.done} units` : undefined;
    }
    const isNew = !this.#heard.has(id);
    this.#seen.add(id);
    this.#heard.set(id, { state: { ...state, holds: [...state.holds] }, at: this.#now() });
    return isNew ? `worker ${workerName(state.worker)} is here (${this.#heard.size} now)` : undefined;
  }

  /** Forgets the workers that fell silent, and tells of each. */
  dropSilent(): string[] {
    const gone: string[] = [];
    for (const [id, { state, at }] of this.#heard) {
      if (this.#now() - at <= this.#silenceMs) continue;
      this.#heard.delete(id);
      for (const unit of state.holds)
        this.#left.set(unit.place, { unit: { ...unit, worker: state.worker, isLeft: true }, at });
      const seconds = Math.round((this.#now() - at) / 1000);
      const wait = `after --ack-wait (${this.#ackWaitSeconds} s)`;
      gone.push(
        `nothing was heard of worker ${workerName(state.worker)} for ${seconds} s; ${held(state.holds.length)} ${wait}`,
      );
    }
    return gone;
  }

  /** The result of the unit is there: whoever was last heard to hold it does no more. */
  done(place: number): void {
    this.#left.delete(place);
    for (const { state } of this.#heard.values()) {
      const at = state.holds.findIndex((held) => held.place === place);
      if (at >= 0) state.holds.splice(at, 1);
    }
  }

  /** Workers that are there. */
  get numWorkers(): number {
    return this.#heard.size;
  }

  /** Workers that were there at any time. */
  get numSeen(): number {
    return this.#seen.size;
  }

  /** The unit that was taken the longest ago of those that are not done. */
  oldest(): HeldUnit | undefined {
    let oldest: HeldUnit | undefined;
    const look = (unit: HeldUnit, at: number) => {
      const seconds = unit.seconds + (this.#now() - at) / 1000;
      if (!oldest || seconds > oldest.seconds) oldest = { ...unit, seconds };
    };
    for (const { state, at } of this.#heard.values()) {
      for (const held of state.holds) look({ ...held, worker: state.worker, isLeft: false }, at);
    }
    for (const { unit, at } of this.#left.values()) look(unit, at);
    return oldest;
  }
}

/** What a worker had when it was last heard; it may have taken more since. */
function held(numUnits: number): string {
  if (numUnits === 0) return "what it may have taken since goes to others";
  return numUnits === 1 ? "the unit that it held goes to others" : `the ${numUnits} units that it held go to others`;
}
