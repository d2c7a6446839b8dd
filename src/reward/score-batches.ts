/**
 * A stream of solutions through a reward model, results in input order. A batch is as many solutions in a row as the token
 * budget holds: packed sequences waste nothing on their different lengths, so there is nothing to sort; neighbours are often
 * of one problem and share the keys and values of its prompt; and results leave after every forward pass. The next batch is
 * read and encoded while native code scores the one before.
 */
import { abortedError } from "../policy/native-call.js";
import type { EncodedSteps } from "./encode-steps.js";

/** Encoding runs on the event loop, which other work needs too. */
const encodedBetweenPauses = 16;

export interface ScoreBatchesOptions<A> {
  /** Tokens of a forward pass; a solution with more has one of its own. */
  tokenBudget: number;
  /** Throws for a solution that cannot be scored; undefined leaves it out. */
  encode(value: A): EncodedSteps | undefined;
  /** One forward pass: the scores of each value. */
  score(batch: readonly Encoded<A>[]): Promise<number[][]>;
  signal?: AbortSignal | undefined;
}

export interface Encoded<A> extends EncodedSteps {
  value: A;
}

export interface Scored<A> {
  value: A;
  stepScores: number[];
  /** Of prompt, solution and tags. */
  numTokens: number;
}

/** What stopped the reading; what was read before it is scored first. */
type Failure = { error: unknown };

/** Takes the solutions from the source, a batch at a time. */
class BatchReader<A> {
  readonly #iterator: AsyncIterator<A> | Iterator<A>;
  readonly #options: ScoreBatchesOptions<A>;
  /** Was read and did not fit into its batch any more. */
  #held: Encoded<A> | undefined;
  #end: Failure | "end" | undefined;

  constructor(source: Iterable<A> | AsyncIterable<A>, options: ScoreBatchesOptions<A>) {
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.#options = options;
  }

  /** Empty after the last one. @throws ERPRM_ABORTED; whatever source and `encode` threw, at its place */
  async next(): Promise<Encoded<A>[]> {
    const { tokenBudget, signal } = this.#options;
    const batch: Encoded<A>[] = [];
    let tokens = 0;
    for (;;) {
      if (signal?.aborted) throw abortedError(signal);
      this.#held ??= await this.#read();
      if (this.#held === undefined) break;
      const length = this.#held.tokenIds.length;
      if (batch.length > 0 && tokens + length > tokenBudget) return batch;
      batch.push(this.#held);
      tokens += length;
      this.#held = undefined;
      if (batch.length % encodedBetweenPauses === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (batch.length === 0 && this.#end !== "end" && this.#end !== undefined) throw this.#end.error;
    return batch;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #read(): Promise<Encoded<A> | undefined> {
    if (this.#end) return undefined;
    try {
      for (;;) {
        const next = await this.#iterator.next();
        if (next.done) break;
        const encoded = this.#options.encode(next.value);
        if (encoded) return { ...encoded, value: next.value };
      }
      this.#end = "end";
    } catch (error) {
      this.#end = { error };
    }
    return undefined;
  }
}

/**
 * A failure is thrown at its own place in the order, after the results before it.
 * @throws ERPRM_ABORTED when `signal` fires; whatever the source, `encode` and `score` throw
 */
export async function* scoreBatches<A>(
  source: Iterable<A> | AsyncIterable<A>,
  options: ScoreBatchesOptions<A>,
): AsyncGenerator<Scored<A>, void, undefined> {
  const reader = new BatchReader(source, options);
  let running: Promise<number[][]> | undefined;
  try {
    let batch = await reader.next();
    while (batch.length > 0) {
      running = options.score(batch);
      const upcoming: Promise<Encoded<A>[]> = reader.next();
      // A failure is met where it is awaited; until then it must not count as unhandled.
      upcoming.catch(() => undefined);
      const scores = await running;
      for (const [i, { value, tokenIds }] of batch.entries()) {
        yield { value, stepScores: scores[i] as number[], numTokens: tokenIds.length };
      }
      batch = await upcoming;
    }
  } finally {
    await running?.catch(() => undefined);
    await reader.close();
  }
}
