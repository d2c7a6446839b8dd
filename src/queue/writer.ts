/**
 * The writer of a run: publishes its units, a window of them at a time, and hands their results on in the order of the
 * units. What is on the server is compared with what should be, again and again: a unit that is neither waiting, nor held,
 * nor among the results is published again, so nothing is lost whatever was killed or forgot; and as a result counts once,
 * nothing is doubled.
 */
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { OrderedWriter } from "../data/ordered-writer.js";
import { ErprmError } from "../errors.js";
import { type Announcement, checkResult, encode, type UnitResult } from "./messages.js";
import { apiErrorOf, isMissing, nowAndThen, patiently, pause, tooManyOfSubject } from "./patiently.js";
import { ResultReader } from "./result-reader.js";
import type { QueueServer } from "./server.js";

/** A piece of work. */
export interface QueuedUnit {
  /** In the input, from 0: the unit's name on the server. */
  place: number;
  /** For people: `problem "gsm8k-1"`. */
  name: string;
  /** What a worker gets. */
  payload: unknown;
}

export interface CollectedUnit {
  unit: QueuedUnit;
  result: UnitResult;
}

export interface WriterOptions {
  server: QueueServer;
  announcement: Announcement;
  /** Those that are not done yet, by place. */
  units: AsyncIterable<QueuedUnit> | Iterable<QueuedUnit>;
  /** Refuses a result that is none of the unit's. @throws ERPRM_INVALID_DATA */
  check(unit: QueuedUnit, result: UnitResult): void;
  /** Gets every unit once, in order. When it resolves, the results are safe and leave the server. */
  write(batch: readonly CollectedUnit[]): Promise<void>;
  /** Something that a user should know of. */
  tell(text: string): void;
  /** Units that are published and not written, at most; default 1024. */
  window?: number;
  /** Between two comparisons with the server. */
  auditMs: number;
  signal: AbortSignal;
}

interface InWindow {
  unit: QueuedUnit;
  /** Among the units of this writer. */
  position: number;
  isPublished: boolean;
  hasResult: boolean;
  /** Comparisons in a row that found a result on the server which did not arrive. */
  numUnread: number;
}

/** Publishes that wait for their confirmation at the same time. */
const maxPublishing = 64;
const publishTimeoutMs = 2_000;

class RunWriter {
  readonly #options: WriterOptions;
  readonly #server: QueueServer;
  readonly #ending = new AbortController();
  readonly #window = new Map<number, InWindow>();
  readonly #ordered: OrderedWriter<CollectedUnit>;
  readonly #reader: ResultReader;
  readonly #tellAway: (text: string) => void;
  /** Results of units that are not in the window yet: an earlier writer published them. */
  readonly #early = new Map<number, unknown>();
  /** On the server when this writer began. */
  #there = new Set<number>();
  #lastPlace = -1;
  #publishing = 0;
  #isTrimming = false;
  #round = 0;
  #wake = () => {};
  #failure: { error: unknown } | undefined;
  readonly #session = randomUUID();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#server = options.server;
    this.#tellAway = nowAndThen(options.tell);
    // Every request listens; Node takes more than ten for a leak.
    setMaxListeners(0, this.#ending.signal);
    this.#ordered = new OrderedWriter((batch) => this.#write(batch), { capacity: this.#maxWindow + 1 });
    this.#reader = new ResultReader(options.server, this.#ending.signal);
  }

  get #maxWindow(): number {
    return this.#options.window ?? 1024;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const abort = () => this.#fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const guarded = (work: Promise<void>) => work.catch((error: unknown) => this.#fail(error));
    try {
      if (signal.aborted) abort();
      await this.#begin();
      // A server that was started again has forgotten who reads.
      void this.#server.onReconnect(() => this.#reader.restart());
      const others = [guarded(this.#collect()), guarded(this.#audit())];
      await guarded(this.#publish());
      while (this.#window.size > 0 && !this.#failure) await this.#change();
      this.#ending.abort();
      this.#reader.restart();
      await Promise.all(others);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#ending.abort();
    }
    if (this.#failure) throw this.#failure.error;
    await this.#ordered.finish();
  }

  async #begin(): Promise<void> {
    const { tell, announcement } = this.#options;
    const waiting = ({ message }: Error) => tell(`waiting for the queue: ${message}`);
    await patiently(this.#ending.signal, () => this.#server.announce(announcement), waiting);
    this.#there = await patiently(this.#ending.signal, () => this.#onServer(), waiting);
  }

  /** Units first: one that is acknowledged in between has its result there by then. */
  async #onServer(): Promise<Set<number>> {
    const units = await this.#server.units();
    const results = await this.#server.results();
    for (const place of results) units.add(place);
    return units;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#ending.abort();
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #publish(): Promise<void> {
    let position = 0;
    for await (const unit of this.#options.units) {
      while ((this.#window.size >= this.#maxWindow || this.#publishing >= maxPublishing) && !this.#failure) {
        await this.#change();
      }
      if (this.#failure) return;
      const isThere = this.#there.has(unit.place);
      const entry = { unit, position, isPublished: isThere, hasResult: false, numUnread: 0 };
      position += 1;
      this.#window.set(unit.place, entry);
      this.#lastPlace = unit.place;
      const early = this.#early.get(unit.place);
      this.#dropEarly();
      if (early !== undefined) await this.#take(unit.place, early);
      else if (!isThere) this.#send(entry);
    }
  }

  /** Results of units up to the last one of the window: it was handed over, or is written already. */
  #dropEarly(): void {
    const old = [...this.#early.keys()].filter((place) => place <= this.#lastPlace);
    for (const place of old) this.#early.delete(place);
    this.#forget(old.filter((place) => !this.#window.has(place)));
  }

  #send(entry: InWindow): void {
    this.#publishing += 1;
    const sent = this.#sendNow(entry).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#fail(error);
    });
    void sent.then(() => {
      this.#publishing -= 1;
      this.#wake();
    });
  }

  async #sendNow(entry: InWindow): Promise<void> {
    const { unit } = entry;
    const bytes = await encode(unit.payload);
    if (bytes.length > this.#server.maxMessageBytes) {
      const message = `Expected units of at most ${this.#server.maxMessageBytes} bytes, which a message of the NATS server may have, received ${bytes.length} of ${unit.name}: raise max_payload in the server's configuration`;
      throw new ErprmError("ERPRM_INVALID_DATA", message, { unit: unit.name, received: bytes.length });
    }
    // Tried again, a publish has the same id and counts once; published anew after it was lost, it has another one.
    const msgID = `${this.#session} ${unit.place} ${this.#round}`;
    try {
      await patiently(
        this.#ending.signal,
        () =>
          this.#server.js.publish(this.#server.names.unitSubject(unit.place), bytes, {
            msgID,
            timeout: publishTimeoutMs,
          }),
        ({ message }) => this.#tellAway(`units wait for the queue: ${message}`),
      );
    } catch (error) {
      if (apiErrorOf(error)?.code !== tooManyOfSubject) throw error;
    }
    entry.isPublished = true;
  }

  async #collect(): Promise<void> {
    for await (const { place, value } of this.#reader.read((place, error) => this.#discard(place, error))) {
      if (this.#window.has(place)) await this.#take(place, value);
      else if (place > this.#lastPlace) this.#early.set(place, value);
      else this.#forget([place]);
    }
  }

  async #take(place: number, value: unknown): Promise<void> {
    const entry = this.#window.get(place) as InWindow;
    if (entry.hasResult) return;
    let result: UnitResult;
    try {
      result = checkResult(value);
      this.#options.check(entry.unit, result);
    } catch (error) {
      this.#discard(place, error);
      return;
    }
    entry.hasResult = true;
    await this.#ordered.put(entry.position, [{ unit: entry.unit, result }]);
  }

  /** What is no result leaves the server; the next comparison publishes its unit again. */
  #discard(place: number, error: unknown): void {
    this.#options.tell(`a result of unit ${place} is dropped: ${(error as Error).message}`);
    this.#reader.forget(new Set([place]));
    void this.#remove(() => this.#server.forgetResults(place));
  }

  /** These units are written. Their results go with the next trimming. */
  #forget(places: readonly number[]): void {
    if (places.length === 0) return;
    this.#reader.forget(new Set(places));
    void this.#trim();
  }

  /** Removes results that nobody needs, one request at a time; what comes meanwhile goes with the next one. */
  async #trim(): Promise<void> {
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    for (let done = 0; done < this.#reader.firstNeeded && !this.#ending.signal.aborted; ) {
      const { firstNeeded } = this.#reader;
      await this.#remove(() => this.#server.forgetResultsBefore(firstNeeded));
      done = firstNeeded;
    }
    this.#isTrimming = false;
  }

  async #remove(action: () => Promise<void>): Promise<void> {
    const { signal } = this.#ending;
    try {
      await patiently(signal, action);
    } catch (error) {
      // A stream that is gone has nothing to remove.
      if (!signal.aborted && !isMissing(error)) this.#fail(error);
    }
  }

  async #write(batch: readonly CollectedUnit[]): Promise<void> {
    try {
      await this.#options.write(batch);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    for (const { unit } of batch) this.#window.delete(unit.place);
    this.#forget(batch.map(({ unit }) => unit.place));
    this.#wake();
  }

  async #audit(): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      await pause(this.#options.auditMs, signal);
      if (signal.aborted) return;
      try {
        await this.#compare();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ErprmError || (apiErrorOf(error) && !isMissing(error))) throw error;
        // The server is away, or it lost its streams: they are made again when it answers.
        const { tell, announcement } = this.#options;
        const waiting = ({ message }: Error) => tell(`waiting for the queue: ${message}`);
        await patiently(signal, () => this.#server.announce(announcement), waiting).catch((failure: unknown) => {
          if (!signal.aborted) throw failure;
        });
      }
    }
  }

  async #compare(): Promise<void> {
    const { announcement } = this.#options;
    const there = await this.#server.announcement();
    if (typeof there !== "object") await this.#server.announce(announcement);
    else if (there.writer.id !== announcement.writer.id) throw otherWriter(there);
    // A unit that is published from now on may miss in the first list and be done before the second.
    const published = [...this.#window.values()].filter(({ isPublished }) => isPublished);
    const units = await this.#server.units();
    const results = await this.#server.results();
    this.#round += 1;
    let isDeaf = false;
    for (const entry of published) {
      if (entry.hasResult || units.has(entry.unit.place)) {
        entry.numUnread = 0;
      } else if (results.has(entry.unit.place)) {
        entry.numUnread += 1;
        isDeaf ||= entry.numUnread > 2;
      } else {
        entry.isPublished = false;
        this.#send(entry);
      }
    }
    if (isDeaf) this.#reader.restart();
  }
}

function otherWriter({ writer: { host, pid }, run }: Announcement): ErprmError {
  const message = `Expected to be the only writer of run ${run}, found process ${pid} on ${host}, which began later`;
  return new ErprmError("ERPRM_RUN_CONFLICT", message, { host, pid });
}

/**
 * Resolves when the last unit is written.
 * @throws what `units` and `write` throw; the signal's reason; ERPRM_RUN_CONFLICT when another writer took over the run;
 *   ERPRM_INVALID_DATA for a unit that no message holds; what NATS throws, where trying again cannot help
 */
export function writeUnits(options: WriterOptions): Promise<void> {
  return new RunWriter(options).run();
}
