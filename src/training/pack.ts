/**
 * Sequences into micro-batches of a token budget: each goes into the first batch with room, the longest first, which
 * fills batches to within a sequence of the budget. A tree of the largest rooms finds that batch in O(log n).
 */
import { expectPositiveInteger } from "../check.js";

/**
 * The examples as batches of at most `tokensPerBatch` tokens; one that is longer has a batch of its own. Inside a batch, and
 * among the batches by their first example, the given order is kept. No example is lost or doubled.
 * @throws ERPRM_INVALID_ARGUMENT for a budget that is no integer from 1
 */
export function packBatches(
  examples: ArrayLike<number>,
  lengths: ArrayLike<number>,
  tokensPerBatch: number,
): Int32Array[] {
  expectPositiveInteger("the tokens of a batch", tokensPerBatch);
  const count = examples.length;
  const lengthAt = (place: number) => lengths[examples[place] as number] as number;
  const places = Int32Array.from({ length: count }, (_, place) => place);
  places.sort((a, b) => lengthAt(b) - lengthAt(a) || a - b);
  const rooms = new RoomTree(count, tokensPerBatch);
  const batches: number[][] = [];
  for (const place of places) {
    // A longer one takes all of an empty batch: nothing fits beside it.
    const batch = rooms.takeFirst(Math.min(lengthAt(place), tokensPerBatch));
    batches[batch] ??= [];
    (batches[batch] as number[]).push(place);
  }
  for (const batch of batches) batch.sort((a, b) => a - b);
  batches.sort((a, b) => (a[0] as number) - (b[0] as number));
  return batches.map((batch) => Int32Array.from(batch, (place) => examples[place] as number));
}

/** Binary tree over `count` batches, all empty at first; each node holds the largest room below it. */
class RoomTree {
  readonly #leaves: number;
  readonly #rooms: Int32Array;

  constructor(count: number, room: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
    this.#rooms = new Int32Array(2 * this.#leaves).fill(room);
  }

  /** Takes `amount` from the first batch that has it: there always is one, as there are as many batches as sequences. */
  takeFirst(amount: number): number {
    let node = 1;
    while (node < this.#leaves) node = (this.#rooms[2 * node] as number) >= amount ? 2 * node : 2 * node + 1;
    const batch = node - this.#leaves;
    this.#rooms[node] = (this.#rooms[node] as number) - amount;
    for (node >>= 1; node >= 1; node >>= 1) {
      this.#rooms[node] = Math.max(this.#rooms[2 * node] as number, this.#rooms[2 * node + 1] as number);
    }
    return batch;
  }
}
