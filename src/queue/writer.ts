/**
 * The writer of a run: publishes its units, a window of them at a time, and hands their results on in the order of the
 * units. What is on the server is compared with what should be, again and again (writer-audit.ts), so nothing is lost whatever
 * was killed or forgot; and as a result counts once, nothing is doubled.
 */
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { OrderedWriter } from "../data/ordered-writer.js";
import { ErprmError } from "../errors.js";
import { type Announcement, checkResult, encode, type UnitResult } from "./messages.js";
import { apiErrorOf, isMissing, nowAndThen, patiently, tooManyOfSubject } from "./patiently.js";
import { RefusedResults } from "./refused-results.js";
import { type ReadResult, ResultReader } from "./result-reader.js";
import type { QueueServer } from "./server.js";
import { type PublishedUnit, WriterAudit } from "./writer-audit.js";

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
  /**
   * Refuses a result that is none of the unit's, which is then worked on again, `maxTries` times in all.
   * @throws ERPRM_INVALID_DATA
   */
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

interface InWindow extends PublishedUnit {
  unit: QueuedUnit;
  /** Among the units of this writer. */
  position: number;
  isPublished: boolean;
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
  readonly #early = new Map<number, ReadResult>();
  readonly #refused = new RefusedResults();
  readonly #audit: WriterAudit<InWindow>;
  /** On the server when this writer began. */
  #there = new Set<number>();
  #lastPlace = -1;
  #publishing = 0;
  #isTrimming = false;
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
    this.#audit = new WriterAudit({
      ...options,
      signal: this.#ending.signal,
      published: () => [...this.#window.values()].filter(({ isPublished }) => isPublished),
      lost: (entry) => {
        entry.isPublished = false;
        this.#send(entry);
      },
      deaf: () => this.#reader.restart(),
    });
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
      const others = [guarded(this.#collect()), guarded(this.#audit.run())];
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
      const { place } = unit;
      const entry = { unit, place, position, isPublished: isThere, hasResult: false, numUnread: 0 };
      position += 1;
      this.#window.set(unit.place, entry);
      this.#lastPlace = unit.place;
      const early = this.#early.get(unit.place);
      this.#dropEarly();
      if (early !== undefined) await this.#take(early);
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
    const msgID = `${this.#session} ${unit.place} ${this.#audit.round}`;
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
    for await (const result of this.#reader.read((from, error) => this.#refuse(from, error))) {
      const { place } = result;
      if (this.#window.has(place)) await this.#take(result);
      else if (place > this.#lastPlace) this.#early.set(place, result);
      else this.#forget([place]);
    }
  }

  async #take({ place, attempt, value }: ReadResult): Promise<void> {
    const entry = this.#window.get(place) as InWindow;
    if (entry.hasResult) return;
    let result: UnitResult | undefined;
    try {
      result = checkResult(value);
      this.#options.check(entry.unit, result);
    } catch (error) {
      await this.#refuse({ place, attempt }, error, result);
      return;
    }
    await this.#settle(entry, result);
  }

  async #settle(entry: InWindow, result: UnitResult): Promise<void> {
    entry.hasResult = true;
    await this.#ordered.put(entry.position, [{ unit: entry.unit, result }]);
  }

  /**
   * What is no result leaves the server; the next comparison publishes its unit again. When that was done as often as a unit is
   * tried, the unit is set aside.
   */
  async #refuse({ place, attempt }: Omit<ReadResult, "value">, error: unknown, refused?: UnitResult): Promise<void> {
    const { tell, announcement } = this.#options;
    const { message, code } = error as ErprmError;
    tell(`a result of unit ${place} is dropped: ${message}`);
    this.#reader.forget(new Set([place]));
    void this.#remove(() => this.#server.forgetResults(place));
    const tries = this.#refused.add(place, attempt);
    const entry = this.#window.get(place);
    if (entry === undefined || entry.hasResult || tries < announcement.maxTries) return;
    const reason = `${tries} results of it were refused, the last one: ${message}`;
    const failure = { reason, ...(error instanceof ErprmError && { code }) };
    await this.#settle(entry, { worker: refused?.worker ?? announcement.writer, seconds: 0, tries, failure });
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
}

/**
 * Resolves when the last unit is written.
 * @throws what `units` and `write` throw; the signal's reason; ERPRM_RUN_CONFLICT when another writer took over the run;
 *   ERPRM_INVALID_DATA for a unit that no message holds; what NATS throws, where trying again cannot help
 */
export function writeUnits(options: WriterOptions): Promise<void> {
  return new RunWriter(options).run();
}
