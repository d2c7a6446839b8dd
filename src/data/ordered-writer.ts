/**
 * Results arrive in any order, files are written in one: a buffer that holds what is early and hands on the ready head.
 */
import { expectInteger, expectPositiveInteger } from "../check.js";
import { ErprmError } from "../errors.js";

/** Takes batches of records that are next in order; called again only when its promise has settled. */
export type Sink<T> = (records: T[]) => Promise<void>;

export class OrderedWriter<T> {
  readonly #sink: Sink<T>;
  readonly #capacity: number;
  readonly #early = new Map<number, readonly T[]>();
  /** The lowest index that was not yet handed to the sink. */
  #next = 0;
  #writing: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;
  #waiting: { index: number; resolve: () => void }[] = [];

  /** `capacity`: a `put` of an index that far ahead of the first missing one waits. */
  constructor(sink: Sink<T>, { capacity = 1024 }: { capacity?: number } = {}) {
    this.#sink = sink;
    this.#capacity = expectPositiveInteger("capacity", capacity);
  }

  /**
   * Hands over the records of one index (any number, also none); indices run from 0 without gaps, each once. Resolves when
   * the records are in the buffer, so that a producer that awaits it never gets further ahead than `capacity`. Producers must
   * work on the lowest unfinished index, too: all waiting for a later one would wait forever.
   * @throws what the sink threw, from the first failure on; ERPRM_INVALID_ARGUMENT for an index that was put before.
   */
  async put(index: number, records: readonly T[]): Promise<void> {
    expectInteger("index", index, this.#next);
    while (index >= this.#next + this.#capacity && !this.#failure) {
      await new Promise<void>((resolve) => this.#waiting.push({ index, resolve }));
    }
    this.#throwFailure();
    if (this.#early.has(index)) {
      throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected each index once, received ${index} again`, { index });
    }
    this.#early.set(index, records);
    this.#write();
  }

  /**
   * Resolves when everything that was put is written.
   * @throws what the sink threw; ERPRM_INTERNAL when an index is missing before one that was put.
   */
  async finish(): Promise<void> {
    while (this.#writing) await this.#writing;
    this.#throwFailure();
    if (this.#early.size > 0) {
      throw new ErprmError("ERPRM_INTERNAL", `Expected the records of index ${this.#next} before the end`);
    }
  }

  #write(): void {
    if (this.#writing || this.#failure) return;
    const batch: T[] = [];
    for (let records = this.#early.get(this.#next); records; records = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#next += 1;
      batch.push(...records);
    }
    this.#wake();
    if (batch.length === 0) return;
    this.#writing = this.#sink(batch)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .then(() => {
        this.#writing = undefined;
        if (this.#failure) this.#wake();
        else this.#write();
      });
  }

  #wake(): void {
    const isReady = (index: number) => index < this.#next + this.#capacity || this.#failure !== undefined;
    const ready = this.#waiting.filter(({ index }) => isReady(index));
    this.#waiting = this.#waiting.filter(({ index }) => !isReady(index));
    for (const { resolve } of ready) resolve();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
