/**
 * Load of a fixed concurrency: whoever has got an answer asks again at once, until enough answers have come. Those of the
 * warm-up are not counted, and nobody stops before the last counted answer, so that all are measured under the same load.
 */

export interface LoopOptions {
  /** Requests in flight. */
  concurrency: number;
  /** Answers before the counted ones. */
  warmUp: number;
  /** Counted answers. */
  answers: number;
  /** Sends the request of this number, from 0, and resolves when its answer is read to the end. */
  ask(number: number): Promise<void>;
  /** Milliseconds, monotonic. */
  now?: () => number;
}

export interface LoopResult {
  /** From the last answer of the warm-up (without one: from the start) to the last counted answer. */
  seconds: number;
  /** Of each counted answer, in the order they came. */
  milliseconds: number[];
  /** The requests they answered. */
  numbers: number[];
}

/** @throws what `ask` throws */
export async function closedLoop({ concurrency, warmUp, answers, ask, now = () => performance.now() }: LoopOptions) {
  const result: LoopResult = { seconds: 0, milliseconds: [], numbers: [] };
  let numSent = 0;
  let numAnswered = 0;
  let countedFrom = now();
  const isOver = () => numAnswered >= warmUp + answers;
  const client = async () => {
    while (!isOver()) {
      const number = numSent++;
      const sent = now();
      await ask(number);
      const answered = now();
      if (isOver()) return;
      numAnswered += 1;
      if (numAnswered === warmUp) countedFrom = answered;
      if (numAnswered <= warmUp) continue;
      result.milliseconds.push(answered - sent);
      result.numbers.push(number);
      result.seconds = (answered - countedFrom) / 1000;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  return result;
}
