/**
 * The results of a run as they arrive on the server, from the first that is still there on. An ordered consumer: nothing is
 * acknowledged, the server being away or started again is bridged, and a reader that begins anew sees everything again.
 */
import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import { decode } from "./messages.js";
import { placeOf } from "./names.js";
import { PartCollector } from "./parts.js";
import { isMissing, patiently, pause } from "./patiently.js";
import type { QueueServer } from "./server.js";

export interface ReadResult {
  place: number;
  /** Of the worker that published it: another one has another name. */
  attempt: string;
  value: unknown;
}

export const partsHeader = "Erprm-Parts";

/** A server that forgot this reader is noticed within about this time. */
const noticeMs = 5_000;

/** Between two looks for a stream that is not there. */
const missingMs = 500;

export class ResultReader {
  readonly #server: QueueServer;
  readonly #signal: AbortSignal;
  #parts = new PartCollector();
  /** Messages that were read and are still needed, by their number in the stream: the unit. */
  readonly #needed = new Map<number, number>();
  /** Of the last message that was read. */
  #last = 0;
  #messages: ConsumerMessages | undefined;

  constructor(server: QueueServer, signal: AbortSignal) {
    this.#server = server;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.restart(), { once: true });
  }

  /** Reads everything again from the start. */
  restart(): void {
    this.#messages?.stop();
  }

  /** Units that are done with: nothing of them is needed. */
  forget(places: ReadonlySet<number>): void {
    for (const [seq, place] of this.#needed) if (places.has(place)) this.#needed.delete(seq);
    this.#parts.forget((attempt) => places.has(Number(attempt.split(".")[0])));
  }

  /** The first message that is still needed or was not read: those before it may go. */
  get firstNeeded(): number {
    let first = this.#last + 1;
    for (const seq of this.#needed.keys()) first = Math.min(first, seq);
    return first;
  }

  /** Until the signal fires. `unreadable` is told of what is no result, and waited for. */
  async *read(
    unreadable: (from: Omit<ReadResult, "value">, error: unknown) => Promise<void>,
  ): AsyncGenerator<ReadResult, void, undefined> {
    while (!this.#signal.aborted) {
      // A server that lost its streams begins to count anew, so nothing is kept of the numbers.
      this.#needed.clear();
      this.#last = 0;
      this.#parts = new PartCollector();
      this.#messages = await this.#open();
      // It fired when there was nothing to stop yet.
      if (this.#signal.aborted) this.restart();
      for await (const message of this.#messages ?? []) {
        if (this.#signal.aborted) return;
        const place = placeOf(message.subject);
        const attempt = message.subject.split(".")[4] ?? "";
        this.#needed.set(message.seq, place);
        this.#last = message.seq;
        try {
          const value = await this.#add(message);
          if (value !== undefined) yield { place, attempt, value };
        } catch (error) {
          await unreadable({ place, attempt }, error);
        }
      }
      await pause(missingMs, this.#signal);
    }
  }

  async #open(): Promise<ConsumerMessages | undefined> {
    try {
      return await patiently(this.#signal, async () => {
        const consumer = await this.#server.js.consumers.get(this.#server.names.resultStream);
        return consumer.consume({ expires: noticeMs });
      });
    } catch (error) {
      // Whoever looks after the streams makes them again.
      if (this.#signal.aborted || isMissing(error)) return undefined;
      throw error;
    }
  }

  async #add({ subject, data, headers }: JsMsg): Promise<unknown> {
    const [, , , place, attempt, part] = subject.split(".");
    const numParts = Number(headers?.get(partsHeader) ?? 1);
    const bytes = this.#parts.add(`${place}.${attempt}`, Number(part), numParts, data);
    return bytes && decode(bytes, "the result of a unit");
  }
}
