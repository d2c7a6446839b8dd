/**
 * The one concurrency rule of the stages: work starts ahead of the reader until the engine's slots cannot run empty, and
 * results come out in input order, so that the order in which work finishes never shows in the output.
 *
 * How much is enough: a piece of work (a trunk) leaves the engine with its last completion, so each of B slots may be busy
 * with the straggler of another piece. Pieces beyond B have not started; they should hold at least 2 B completions.
 */
import { setMaxListeners } from "node:events";
import { ErprmError } from "../errors.js";
import { abortedError } from "./native-call.js";

/** One piece of work that was started. */
export interface Started<R> {
  /** Size of the work, in completions. */
  weight: number;
  /** Settles when the engine is done with the piece. */
  sampled: Promise<unknown>;
  result: Promise<R>;
}

export interface InOrderOptions {
  /** Completions that the engine runs at the same time. */
  slots: number;
  signal?: AbortSignal | undefined;
}

type Settled<R> = { value: R } | { error: unknown };

/** Results that wait for a slower one before them are bounded too, by this many pieces a slot. */
const maxUnreadPerSlot = 8;

/** True when the engine has enough to do: see above. */
export function isEnough(pieces: number, weight: number, slots: number): boolean {
  const notStarted = pieces - slots;
  return notStarted > 0 && (notStarted * weight) / pieces >= 2 * slots;
}

class OrderedWork<A, R> {
  readonly #unread: Promise<Settled<R>>[] = [];
  readonly #inner = new AbortController();
  #pieces = 0;
  #weight = 0;
  #ended = false;
  #wakePump = () => {};
  #wakeReader = () => {};

  constructor(
    readonly start: (value: A, signal: AbortSignal) => Started<R>,
    readonly slots: number,
  ) {
    // Every piece in flight listens; Node takes more than ten for a leak.
    setMaxListeners(0, this.#inner.signal);
  }

  abort(reason: unknown): void {
    this.#inner.abort(reason);
    this.#wakePump();
  }

  /** The next result; undefined after the last one. */
  async next(): Promise<Settled<R> | undefined> {
    while (this.#unread.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const head = this.#unread[0];
    if (head === undefined) return undefined;
    const settled = await head;
    this.#unread.shift();
    this.#wakePump();
    return settled;
  }

  /** Starts work until the source ends or the work is aborted; never rejects. */
  async pump(iterator: AsyncIterator<A> | Iterator<A>): Promise<void> {
    while (!this.#inner.signal.aborted) {
      if (this.#isFull()) {
        await new Promise<void>((resolve) => {
          this.#wakePump = resolve;
        });
        continue;
      }
      try {
        const next = await iterator.next();
        if (next.done || this.#inner.signal.aborted) break;
        this.#unread.push(this.#track(this.start(next.value, this.#inner.signal)));
      } catch (error) {
        // Thrown where it belongs: after the results before it.
        this.#unread.push(Promise.resolve({ error }));
        break;
      }
      this.#wakeReader();
    }
    this.#ended = true;
    this.#wakeReader();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#unread);
  }

  #isFull(): boolean {
    if (this.#unread.length >= maxUnreadPerSlot * this.slots) return true;
    return isEnough(this.#pieces, this.#weight, this.slots);
  }

  #track({ weight, sampled, result }: Started<R>): Promise<Settled<R>> {
    this.#pieces += 1;
    this.#weight += weight;
    const free = () => {
      this.#pieces -= 1;
      this.#weight -= weight;
      this.#wakePump();
    };
    sampled.then(free, free);
    return result.then(
      (value): Settled<R> => ({ value }),
      (error: unknown): Settled<R> => ({ error }),
    );
  }
}

/**
 * Runs `start` over `source` ahead of the reader and yields the results in input order. A failure is thrown at its own
 * place in the order; work behind it is cancelled through the signal that `start` receives and awaited before the error
 * leaves.
 * @throws ERPRM_ABORTED when `signal` fires; whatever `source` and `start` throw.
 */
export async function* inOrder<A, R>(
  source: Iterable<A> | AsyncIterable<A>,
  start: (value: A, signal: AbortSignal) => Started<R>,
  { slots, signal }: InOrderOptions,
): AsyncGenerator<R, void, undefined> {
  if (signal?.aborted) throw abortedError(signal);
  const work = new OrderedWork(start, slots);
  const abort = () => work.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const pumping = work.pump(iterator);
  try {
    for (let settled = await work.next(); settled !== undefined; settled = await work.next()) {
      if ("error" in settled) throw settled.error;
      yield settled.value;
    }
    if (signal?.aborted) throw abortedError(signal);
  } finally {
    signal?.removeEventListener("abort", abort);
    work.abort(new ErprmError("ERPRM_ABORTED", "The stage ended before this work was needed"));
    await pumping;
    await work.settled();
    await iterator.return?.(undefined);
  }
}
