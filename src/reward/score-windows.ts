/**
 * A stream of solutions through a reward model, results in input order. Solutions are taken a window at a time, a few
 * batches' worth of tokens; the next window is read and encoded while native code scores the one before.
 */
import { abortedError } from "../policy/native-call.js";
import type { EncodedSteps } from "./encode-steps.js";
import { packBatches } from "./pack-batches.js";

const batchesPerWindow = 4;
/** Encoding runs on the event loop, which other work needs too. */
const encodedBetweenPauses = 16;

export interface ScoreWindowsOptions<A> {
  /** Tokens of a forward pass. */
  tokenBudget: number;
  /** Throws for a solution that cannot be scored. */
  encode(value: A): EncodedSteps;
  /** Scores of one forward pass, by sequence. */
  score(batch: readonly EncodedSteps[]): Promise<number[][]>;
  signal?: AbortSignal | undefined;
}

export interface Scored<A> {
  value: A;
  stepScores: number[];
  numTokens: number;
}

interface Window<A> {
  values: A[];
  encoded: EncodedSteps[];
  /** What stopped the window: its values are scored before the error is thrown. */
  failure?: { error: unknown };
  isLast: boolean;
}

async function readWindow<A>(
  iterator: AsyncIterator<A> | Iterator<A>,
  { tokenBudget, encode, signal }: ScoreWindowsOptions<A>,
): Promise<Window<A>> {
  const window: Window<A> = { values: [], encoded: [], isLast: false };
  let tokens = 0;
  while (tokens < batchesPerWindow * tokenBudget) {
    if (signal?.aborted) throw abortedError(signal);
    try {
      const next = await iterator.next();
      if (next.done) return { ...window, isLast: true };
      const encoded = encode(next.value);
      window.values.push(next.value);
      window.encoded.push(encoded);
      tokens += encoded.tokenIds.length;
    } catch (error) {
      return { ...window, failure: { error }, isLast: true };
    }
    if (window.values.length % encodedBetweenPauses === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return window;
}

async function scoreWindow<A>(
  { values, encoded }: Window<A>,
  { tokenBudget, score }: ScoreWindowsOptions<A>,
  signals: readonly (AbortSignal | undefined)[],
): Promise<Scored<A>[]> {
  const lengths = encoded.map(({ tokenIds }) => tokenIds.length);
  const scored: Scored<A>[] = [];
  for (const indices of packBatches(lengths, tokenBudget)) {
    for (const signal of signals) if (signal?.aborted) throw abortedError(signal);
    const scores = await score(indices.map((index) => encoded[index] as EncodedSteps));
    for (const [i, index] of indices.entries()) {
      scored[index] = {
        value: values[index] as A,
        stepScores: scores[i] as number[],
        numTokens: lengths[index] as number,
      };
    }
  }
  return scored;
}

/**
 * A failure is thrown at its own place in the order, after the results before it.
 * @throws ERPRM_ABORTED when `signal` fires; whatever the source, `encode` and `score` throw
 */
export async function* scoreWindows<A>(
  source: Iterable<A> | AsyncIterable<A>,
  options: ScoreWindowsOptions<A>,
): AsyncGenerator<Scored<A>, void, undefined> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const inner = new AbortController();
  let running: Promise<Scored<A>[]> | undefined;
  try {
    let window = await readWindow(iterator, options);
    for (;;) {
      running = scoreWindow(window, options, [options.signal, inner.signal]);
      // A failure is met where the results are awaited; until then it must not count as unhandled.
      running.catch(() => undefined);
      const upcoming = window.isLast ? undefined : await readWindow(iterator, options);
      yield* await running;
      if (window.failure) throw window.failure.error;
      if (upcoming === undefined) return;
      window = upcoming;
    }
  } finally {
    inner.abort();
    await running?.catch(() => undefined);
    await iterator.return?.();
  }
}
