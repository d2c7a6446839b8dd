/**
 * A worker of a run: takes units from the server, as many as there is room for, and keeps them while they are worked on.
 * Killed at any moment, it costs the units that it held: the server hands them out again when nothing was heard of them
 * for the acknowledgement wait.
 */
import { setMaxListeners } from "node:events";
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { isHeldElsewhere, stateMs } from "./holders.js";
import { type Announcement, encode, type QueueProcess } from "./messages.js";
import { placeOf, workersConsumer } from "./names.js";
import { isMissing, nowAndThen, patiently, pause } from "./patiently.js";
import type { QueueServer } from "./server.js";
import { type UnitAtHand, UnitTries, type WorkDone } from "./unit-tries.js";

export interface WorkerOptions {
  connection: NatsConnection;
  server: QueueServer;
  announcement: Announcement;
  worker: QueueProcess;
  /** Units at the same time, at most. */
  inFlight: number;
  /** Units that there is something to do with, beyond those being worked on; absent: as many as may be at hand. */
  room?(): number;
  /** For people. @throws ERPRM_INVALID_DATA */
  nameOf(payload: unknown): string;
  /** Errors of callers and data are the unit's fault and become its result; all others end the worker. */
  work(payload: unknown, signal: AbortSignal): Promise<WorkDone>;
  /** Ends the worker when it had nothing to do for so many milliseconds; absent: it waits for the end of the run. */
  idleMs?: number | undefined;
  tell(text: string): void;
  /** After every unit. */
  finished?(done: number): void;
  signal: AbortSignal;
}

export interface WorkerEnd {
  /** Units. */
  done: number;
  /** `over`: the run is complete. `idle`: there was nothing to do. */
  reason: "over" | "idle";
}

/** Between two looks whether the run is still there. */
const lookMs = 2_000;
/** A pull ends after this long without enough units; a new one is sent. */
const pullMs = 1_000;
/** From taking a unit to saying so, together with others that are taken meanwhile. */
const takenStateMs = 250;
/** Between two looks whether there is room: an engine tells nobody that a completion is done. */
const roomMs = 20;

class RunWorker {
  readonly #options: WorkerOptions;
  readonly #server: QueueServer;
  readonly #ending = new AbortController();
  readonly #holds = new Map<number, UnitAtHand>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #tries: UnitTries;
  readonly #tellAway: (text: string) => void;
  /** As it stands: another writer of the run may announce another wait. */
  #announcement: Announcement;
  #beat: NodeJS.Timeout | undefined;
  #done = 0;
  #reason: WorkerEnd["reason"] | undefined;
  #failure: { error: unknown } | undefined;
  #busyAt = performance.now();
  #taken: NodeJS.Timeout | undefined;
  #wake = () => {};
  /** A pull ends by itself after a while, but not while the server is away. */
  #asked: ConsumerMessages | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#server = options.server;
    this.#announcement = options.announcement;
    this.#tellAway = nowAndThen(options.tell);
    this.#tries = new UnitTries({
      ...options,
      signal: this.#ending.signal,
      tellAway: this.#tellAway,
      maxTries: () => this.#announcement.maxTries,
      isHeldElsewhere: (place) => {
        const { connection, worker } = options;
        const subject = this.#server.names.workerSubject;
        return isHeldElsewhere(connection, { place, worker, subject, signal: this.#ending.signal });
      },
    });
    // Every unit listens; Node takes more than ten for a leak.
    setMaxListeners(0, this.#ending.signal);
  }

  async run(): Promise<WorkerEnd> {
    const { signal } = this.#options;
    const abort = () => this.#fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    const timer = setInterval(() => void this.#sayState(false), stateMs);
    // Timers alone should not keep a process alive.
    timer.unref();
    this.#startBeat();
    try {
      void this.#sayState(false);
      const looking = this.#look().catch((error: unknown) => this.#fail(error));
      await this.#pull().catch((error: unknown) => this.#fail(error));
      this.#ending.abort();
      await Promise.all([...this.#underWay, looking]);
    } finally {
      clearInterval(timer);
      clearTimeout(this.#taken);
      clearInterval(this.#beat);
      signal.removeEventListener("abort", abort);
      await this.#sayState(true);
    }
    if (this.#failure) throw this.#failure.error;
    return { done: this.#done, reason: this.#reason ?? "over" };
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#ending.abort();
    this.#stopAsking();
  }

  /** No more is asked for; what is at hand is given back. */
  #end(reason: WorkerEnd["reason"]): void {
    this.#reason ??= reason;
    this.#stopAsking();
  }

  #stopAsking(): void {
    this.#wake();
    // Never rejects: how the messages end is for their reader.
    void this.#asked?.close();
  }

  async #look(): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      await pause(lookMs, signal);
      if (signal.aborted) return;
      const { idleMs } = this.#options;
      if (idleMs !== undefined && this.#holds.size === 0 && performance.now() - this.#busyAt > idleMs)
        this.#end("idle");
      // A server that is away does not end the run.
      const there = await patiently(signal, () => this.#server.announcement()).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      if (there === "over") this.#end("over");
      if (this.#reason) return;
      if (typeof there === "object") this.#follow(there);
    }
  }

  #follow(announcement: Announcement): void {
    const isOtherWait = announcement.ackWaitSeconds !== this.#announcement.ackWaitSeconds;
    this.#announcement = announcement;
    if (isOtherWait) this.#startBeat();
  }

  /** Says of every unit at hand that it is worked on. */
  #startBeat(): void {
    clearInterval(this.#beat);
    const working = () => {
      if (this.#options.connection.isClosed()) return;
      for (const { message } of this.#holds.values()) message.working();
    };
    working();
    // Half of the wait may be lost, and the next one still comes in time.
    this.#beat = setInterval(working, (1000 * this.#announcement.ackWaitSeconds) / 3);
    this.#beat.unref();
  }

  async #pull(): Promise<void> {
    const { signal } = this.#ending;
    let consumer: Consumer | undefined;
    while (!signal.aborted && !this.#reason) {
      const free = this.#room();
      if (free <= 0) {
        await this.#change();
        continue;
      }
      try {
        const { names, js } = this.#server;
        consumer ??= await patiently(signal, () => js.consumers.get(names.unitStream, workersConsumer));
        this.#asked = await consumer.fetch({ max_messages: free, expires: pullMs });
        if (signal.aborted || this.#reason) this.#stopAsking();
        for await (const message of this.#asked) this.#start(message);
      } catch (error) {
        if (signal.aborted) return;
        consumer = undefined;
        // The writer has not made the streams again yet, or has just removed them.
        if (!isMissing(error)) this.#tellAway(`the queue does not answer: ${(error as Error).message}`);
        await pause(pullMs, signal);
      }
    }
  }

  #room(): number {
    const { inFlight, room } = this.#options;
    const free = inFlight - this.#underWay.size;
    if (room) return Math.min(free, room() - this.#tries.numUnbegun);
    // Several at a time: a pull is a way to the server and back.
    return free < Math.ceil(inFlight / 8) ? 0 : free;
  }

  /** A unit is done, the run ends, or a while has passed, in which there may have come to be room. */
  async #change(): Promise<void> {
    const waiting = new AbortController();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#options.room) void pause(roomMs, waiting.signal).then(resolve);
    });
    waiting.abort();
  }

  #start(message: JsMsg): void {
    const place = placeOf(message.subject);
    const known = this.#holds.get(place);
    if (known) {
      // Nothing was heard of it for too long, and it came back to whom it was taken from.
      known.message = message;
      void this.#tries.cameBack(known);
      return;
    }
    const held: UnitAtHand = { place, message, name: `unit ${place}`, since: performance.now() };
    this.#holds.set(place, held);
    this.#sayTaken();
    const handled = this.#handle(held).catch((error: unknown) => this.#fail(error));
    this.#underWay.add(handled);
    void handled.then(() => {
      this.#underWay.delete(handled);
      this.#busyAt = performance.now();
      this.#wake();
    });
  }

  async #handle(held: UnitAtHand): Promise<void> {
    try {
      if (!(await this.#tries.handle(held))) return;
      this.#done += 1;
      this.#options.finished?.(this.#done);
    } finally {
      this.#holds.delete(held.place);
    }
  }

  /** Killed before its next state, a worker would be thought to have held nothing. */
  #sayTaken(): void {
    this.#taken ??= setTimeout(() => {
      this.#taken = undefined;
      void this.#sayState(false);
    }, takenStateMs).unref();
  }

  async #sayState(left: boolean): Promise<void> {
    const now = performance.now();
    const holds = [...this.#holds.values()].map(({ place, name, since }) => ({
      ...{ place, name },
      seconds: (now - since) / 1000,
    }));
    const bytes = await encode({ worker: this.#options.worker, done: this.#done, holds, left });
    // Nobody has to hear it.
    if (!this.#options.connection.isClosed()) {
      this.#options.connection.publish(this.#server.names.workerSubject, bytes);
    }
  }
}

/**
 * Works until the run is over, there has been nothing to do for too long, or the signal fires; units that it holds are then
 * given back.
 * @throws what `work` throws and is not the unit's fault; the signal's reason; ERPRM_INVALID_DATA for messages of something else
 */
export function workOnUnits(options: WorkerOptions): Promise<WorkerEnd> {
  return new RunWorker(options).run();
}
