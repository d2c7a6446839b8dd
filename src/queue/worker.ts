/**
 * A worker of a run: takes units from the server, as many as keep it busy, works on them, publishes what came of them and only
 * then acknowledges. Killed at any moment, it costs the units that it held: the server hands them out again when nothing
 * was heard of them for the acknowledgement wait. A result that was published twice counts once.
 *
 * A unit that takes its worker down: it goes to others as all units of a worker that is gone do, and is at last worked on
 * with no other unit beside it. If that worker goes away too, the unit is to blame, and the next one to get it reports it.
 */
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Consumer, JsMsg } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { ErprmError, errorCategories } from "../errors.js";
import { AloneGate } from "./alone.js";
import { type Announcement, decode, encode, type QueueProcess, type UnitResult } from "./messages.js";
import { placeOf, workersConsumer } from "./names.js";
import { splitParts } from "./parts.js";
import { isMissing, patiently, pause } from "./patiently.js";
import { partsHeader } from "./result-reader.js";
import type { QueueServer } from "./server.js";
import { TryLedger } from "./try-ledger.js";

export interface WorkDone {
  records: Record<string, unknown[]>;
  counts: Record<string, number>;
}

export interface WorkerOptions {
  connection: NatsConnection;
  server: QueueServer;
  announcement: Announcement;
  worker: QueueProcess;
  /** Units at the same time, at most. */
  inFlight: number;
  /** Units that there is something to do with, beyond those at hand; absent: as many as may be at hand. */
  room?(): number;
  /** For people. */
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

const stateMs = 2_000;
/** Between two looks whether the run is still there. */
const lookMs = 2_000;
/** A pull ends after this long without enough units; a new one is sent. */
const pullMs = 1_000;
const publishTimeoutMs = 2_000;
/** Between two looks whether there is room: an engine tells nobody that a completion is done. */
const roomMs = 20;

interface Held {
  name: string;
  since: number;
}

class RunWorker {
  readonly #options: WorkerOptions;
  readonly #server: QueueServer;
  readonly #ending = new AbortController();
  readonly #gate = new AloneGate();
  readonly #holds = new Map<number, Held>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ledger: TryLedger;
  #done = 0;
  #reason: WorkerEnd["reason"] | undefined;
  #failure: { error: unknown } | undefined;
  #busyAt = performance.now();
  #wake = () => {};

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#server = options.server;
    this.#ledger = new TryLedger(() => options.server.tries());
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
    try {
      void this.#sayState(false);
      const looking = this.#look().catch((error: unknown) => this.#fail(error));
      await this.#pull().catch((error: unknown) => this.#fail(error));
      this.#ending.abort();
      await Promise.all([...this.#underWay, looking]);
    } finally {
      clearInterval(timer);
      signal.removeEventListener("abort", abort);
      await this.#sayState(true);
    }
    if (this.#failure) throw this.#failure.error;
    return { done: this.#done, reason: this.#reason ?? "over" };
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#ending.abort();
    this.#wake();
  }

  /** The run is over for this worker; what it holds is finished first. */
  #end(reason: WorkerEnd["reason"]): void {
    this.#reason ??= reason;
    this.#wake();
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
        if (signal.aborted) return "unknown";
        throw error;
      });
      if (there === "over") this.#end("over");
      if (this.#reason) return;
    }
  }

  async #pull(): Promise<void> {
    const { signal } = this.#ending;
    let consumer: Consumer | undefined;
    while (!signal.aborted && !this.#reason) {
      const free = this.#room();
      if (free === 0) {
        await this.#change();
        continue;
      }
      try {
        const { names, js } = this.#server;
        consumer ??= await patiently(signal, () => js.consumers.get(names.unitStream, workersConsumer));
        for await (const message of await consumer.fetch({ max_messages: free, expires: pullMs })) this.#start(message);
      } catch (error) {
        if (signal.aborted) return;
        consumer = undefined;
        // The writer has not made the streams again yet, or has just removed them.
        if (!isMissing(error)) this.#options.tell(`the queue does not answer: ${(error as Error).message}`);
        await pause(pullMs, signal);
      }
    }
  }

  #room(): number {
    const { inFlight, room } = this.#options;
    const free = inFlight - this.#underWay.size;
    if (room) return Math.min(free, room());
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
    const handled = this.#handle(message).catch((error: unknown) => this.#fail(error));
    this.#underWay.add(handled);
    void handled.then(() => {
      this.#underWay.delete(handled);
      this.#busyAt = performance.now();
      this.#wake();
    });
  }

  async #handle(message: JsMsg): Promise<void> {
    const place = placeOf(message.subject);
    // Half of the wait may be lost, and the next one still comes in time.
    const beat = setInterval(() => message.working(), (1000 * this.#options.announcement.ackWaitSeconds) / 3);
    beat.unref();
    try {
      const payload = await decode(message.data, "a unit");
      this.#holds.set(place, { name: this.#options.nameOf(payload), since: performance.now() });
      await this.#try(message, place, payload);
    } finally {
      clearInterval(beat);
      this.#holds.delete(place);
    }
  }

  async #try(message: JsMsg, place: number, payload: unknown): Promise<void> {
    const { signal } = this.#ending;
    const { maxTries } = this.#options.announcement;
    const tries = message.info.deliveryCount;
    const known = tries > 1 ? await patiently(signal, () => this.#ledger.read(place)) : { returned: 0, isAlone: false };
    const numGone = Math.max(0, tries - 1 - known.returned);
    const startedAt = performance.now();
    if (known.isAlone) {
      const reason = `${numGone} workers that had it went away, the last one with no other unit beside it`;
      await this.#report(message, place, { tries: numGone, seconds: 0, failure: { reason } });
      return;
    }
    const isAlone = numGone >= maxTries - 1;
    const leave = await this.#gate.enter(isAlone);
    try {
      if (signal.aborted) throw signal.reason;
      if (isAlone) await patiently(signal, () => this.#ledger.write(place, { ...known, isAlone: true }));
      const outcome = await this.#options.work(payload, signal).then(
        (done) => done,
        (error: unknown) => ({ failure: faultOfUnit(error, signal) }),
      );
      const seconds = (performance.now() - startedAt) / 1000;
      await this.#report(message, place, { tries: numGone + 1, seconds, ...outcome });
    } catch (error) {
      if (signal.aborted) {
        await this.#giveBack(message, place, known);
        return;
      }
      // This worker goes down with the unit, as if it had been killed.
      message.nak();
      throw error;
    } finally {
      leave();
    }
  }

  async #report(message: JsMsg, place: number, result: Omit<UnitResult, "worker">): Promise<void> {
    const { names, js, maxMessageBytes } = this.#server;
    const { signal } = this.#ending;
    const bytes = await encode({ worker: this.#options.worker, ...result });
    const attempt = randomUUID();
    const parts = splitParts(bytes, maxMessageBytes);
    for (const [i, part] of parts.entries()) {
      const sent = headers();
      sent.set(partsHeader, String(parts.length));
      const publish = { msgID: `${attempt} ${i}`, headers: sent, timeout: publishTimeoutMs };
      await patiently(signal, () => js.publish(names.resultSubject(place, attempt, i), part, publish));
    }
    // Not confirmed, it may be handed out again; what comes of that is the same, and dropped.
    message.ack();
    this.#done += 1;
    this.#options.finished?.(this.#done);
  }

  /** The unit goes to another worker at once, and it does not count as one that took its worker down. */
  async #giveBack(message: JsMsg, place: number, known: { returned: number }): Promise<void> {
    try {
      await this.#ledger.write(place, { returned: known.returned + 1, isAlone: false });
      message.nak();
    } catch (error) {
      this.#options.tell(
        `unit ${place} could not be given back and waits for its acknowledgement: ${(error as Error).message}`,
      );
    }
  }

  async #sayState(left: boolean): Promise<void> {
    const now = performance.now();
    const holds = [...this.#holds].map(([place, { name, since }]) => ({ place, name, seconds: (now - since) / 1000 }));
    const bytes = await encode({ worker: this.#options.worker, done: this.#done, holds, left });
    // Nobody has to hear it.
    if (!this.#options.connection.isClosed()) {
      this.#options.connection.publish(this.#server.names.workerSubject, bytes);
    }
  }
}

/** What is wrong with the unit itself. @throws the error, where it is not the unit's fault */
function faultOfUnit(error: unknown, signal: AbortSignal): { reason: string; code: string } {
  if (signal.aborted || !(error instanceof ErprmError)) throw error;
  const category = errorCategories[error.code];
  if (category !== "data" && category !== "caller") throw error;
  return { reason: error.message, code: error.code };
}

/**
 * Works until the run is over, there has been nothing to do for too long, or the signal fires; units that it holds are then
 * finished, or given back.
 * @throws what `work` throws and is not the unit's fault; the signal's reason; ERPRM_INVALID_DATA for messages of something else
 */
export function workOnUnits(options: WorkerOptions): Promise<WorkerEnd> {
  return new RunWorker(options).run();
}
