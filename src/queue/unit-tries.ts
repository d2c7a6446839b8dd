/**
 * What a worker does with a unit in its hands: works on it, publishes what came of it and only then acknowledges, or gives
 * it back. A result that was published twice counts once.
 *
 * A unit that takes its worker down goes to others, as all units of a worker that is gone do, and is at last worked on
 * with no other unit beside it. If that worker goes away too, the unit is to blame, and the next one to get it reports it.
 * The server counts how often it handed a unit out, which it also does after it was away itself: before a unit is taken for
 * one that does harm, those who have it are given time to say so.
 */
import { randomUUID } from "node:crypto";
import type { JsMsg } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { ErprmError, errorCategories } from "../errors.js";
import { AloneGate } from "./alone.js";
import { decode, encode, type QueueProcess, type UnitResult } from "./messages.js";
import { splitParts } from "./parts.js";
import { patiently } from "./patiently.js";
import { partsHeader } from "./result-reader.js";
import type { QueueServer } from "./server.js";
import { type TryEntry, TryLedger } from "./try-ledger.js";

export interface WorkDone {
  records: Record<string, unknown[]>;
  counts: Record<string, number>;
}

/** A unit that a worker has. */
export interface UnitAtHand {
  place: number;
  /** Of the last time that it was handed out. */
  message: JsMsg;
  /** For people. */
  name: string;
  /** Milliseconds, monotonic. */
  since: number;
  /** What was known of it when it was first handed out to this worker; absent until that was asked for. */
  first?: { tries: number; known: TryEntry };
}

export interface UnitTriesOptions {
  server: QueueServer;
  worker: QueueProcess;
  nameOf(payload: unknown): string;
  /** Errors of callers and data are the unit's fault and become its result; all others end the worker. */
  work(payload: unknown, signal: AbortSignal): Promise<WorkDone>;
  tell(text: string): void;
  /** Of a server that does not answer. */
  tellAway(text: string): void;
  /** Whether another worker, which is there, has the unit. */
  isHeldElsewhere(place: number): Promise<boolean>;
  /** As the run is announced now. */
  maxTries(): number;
  /** Units are given back when it fires. */
  signal: AbortSignal;
}

const publishTimeoutMs = 2_000;

export class UnitTries {
  readonly #options: UnitTriesOptions;
  readonly #gate = new AloneGate();
  readonly #ledger: TryLedger;
  #numUnbegun = 0;

  constructor(options: UnitTriesOptions) {
    this.#options = options;
    this.#ledger = new TryLedger(() => options.server.tries());
  }

  /** Units at hand whose work has not begun. */
  get numUnbegun(): number {
    return this.#numUnbegun;
  }

  /**
   * True when the unit was acknowledged, false when it was given back.
   * @throws what `work` throws and is not the unit's fault, the unit being given back
   */
  async handle(held: UnitAtHand): Promise<boolean> {
    let isBegun = false;
    const begun = () => {
      if (!isBegun) this.#numUnbegun -= 1;
      isBegun = true;
    };
    this.#numUnbegun += 1;
    try {
      return await this.#handle(held, begun);
    } finally {
      begun();
    }
  }

  /** The unit was handed out again to this worker, which still has it: nobody went away. */
  async cameBack({ place, name, message, first }: UnitAtHand): Promise<void> {
    if (first === undefined) return;
    const { tries, known } = first;
    const returned = known.returned + message.info.deliveryCount - tries;
    try {
      await this.#ledger.write(place, { ...known, returned });
    } catch (error) {
      this.#options.tell(`${name} came back, and counts as tried once more: ${(error as Error).message}`);
    }
  }

  /** What is known of a unit that was handed out before. It is forgotten where those who had it have it still. */
  async #known({ place }: UnitAtHand, tries: number): Promise<TryEntry> {
    const { signal, maxTries, isHeldElsewhere } = this.#options;
    const known = await patiently(signal, () => this.#ledger.read(place));
    const isSuspect = known.isAlone || tries - 1 - known.returned >= maxTries() - 1;
    if (!isSuspect || !(await isHeldElsewhere(place))) return known;
    const innocent = { returned: tries - 1, isAlone: false };
    await patiently(signal, () => this.#ledger.write(place, innocent));
    return innocent;
  }

  async #handle(held: UnitAtHand, begun: () => void): Promise<boolean> {
    const { signal, maxTries } = this.#options;
    const tries = held.message.info.deliveryCount;
    let known: TryEntry = { returned: 0, isAlone: false };
    let leave = () => {};
    try {
      if (tries > 1) known = await this.#known(held, tries);
      held.first = { tries, known };
      const numGone = Math.max(0, tries - 1 - known.returned);
      if (known.isAlone) {
        const reason = `${numGone} workers that had it went away, the last one with no other unit beside it`;
        await this.#report(held, { tries: numGone, seconds: 0, failure: { reason } });
        return true;
      }
      const isAlone = numGone >= maxTries() - 1;
      leave = await this.#gate.enter(isAlone);
      if (signal.aborted) throw signal.reason;
      if (isAlone) {
        held.first.known = { ...known, isAlone };
        await patiently(signal, () => this.#ledger.write(held.place, { ...known, isAlone }));
      }
      await this.#report(held, { tries: numGone + 1, ...(await this.#outcome(held, begun)) });
      return true;
    } catch (error) {
      if (signal.aborted) {
        await this.#giveBack(held, known.returned + held.message.info.deliveryCount - tries);
        return false;
      }
      // This worker goes down with the unit, as if it had been killed.
      held.message.nak();
      throw error;
    } finally {
      leave();
    }
  }

  async #outcome(held: UnitAtHand, begun: () => void): Promise<Omit<UnitResult, "worker" | "tries">> {
    const { work, nameOf, signal } = this.#options;
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1000;
    try {
      const payload = await decode(held.message.data, "a unit");
      held.name = nameOf(payload);
      begun();
      const done = await work(payload, signal);
      return { seconds: seconds(), ...done };
    } catch (error) {
      return { seconds: seconds(), failure: faultOfUnit(error, signal) };
    }
  }

  async #report(held: UnitAtHand, result: Omit<UnitResult, "worker">): Promise<void> {
    const { server, worker, signal, tellAway } = this.#options;
    const { names, js, maxMessageBytes } = server;
    const bytes = await encode({ worker, ...result });
    const attempt = randomUUID();
    const parts = splitParts(bytes, maxMessageBytes);
    const waiting = ({ message }: Error) => tellAway(`results wait for the queue: ${message}`);
    for (const [i, part] of parts.entries()) {
      const sent = headers();
      sent.set(partsHeader, String(parts.length));
      const publish = { msgID: `${attempt} ${i}`, headers: sent, timeout: publishTimeoutMs };
      await patiently(signal, () => js.publish(names.resultSubject(held.place, attempt, i), part, publish), waiting);
    }
    // Not confirmed, it may be handed out again; what comes of that is the same, and dropped.
    held.message.ack();
  }

  /** The unit goes to another worker at once, and it does not count as one that took its worker down. */
  async #giveBack({ place, name, message }: UnitAtHand, returned: number): Promise<void> {
    try {
      await this.#ledger.write(place, { returned: returned + 1, isAlone: false });
      message.nak();
    } catch (error) {
      const why = (error as Error).message;
      this.#options.tell(`${name} could not be given back, others get it after the acknowledgement wait: ${why}`);
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
