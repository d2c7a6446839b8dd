/**
 * Which examples make which update: a function of (seed, epoch, tokensPerUpdate, tokensPerBatch), so that update k can be
 * told without running those before it. Every epoch shuffles the examples and cuts the shuffled row into its updates.
 *
 * With L tokens in all, an epoch has n = round(L / tokensPerUpdate) updates (at least 1, at most one an example), and the
 * row is cut where its running number of tokens is nearest to L k / n: all updates have about as many tokens, no epoch
 * ends in a small and noisy one, and every epoch has the same number, which the learning rate's schedule needs.
 */
import { expectInteger, expectPositiveInteger } from "../check.js";
import { ErprmError } from "../errors.js";
import { randomStream, shuffledIndices } from "../statistics/random.js";
import { packBatches } from "./pack.js";

export interface OrderOptions {
  seed: number;
  /** Passes over the examples. */
  epochs: number;
  /** Tokens that an update is made of, about. */
  tokensPerUpdate: number;
  /** Most tokens of one forward and backward pass. */
  tokensPerBatch: number;
}

/** The examples of one update, as indices into the store. */
export interface UpdatePlan {
  /** From 1. */
  updateIndex: number;
  /** From 0. */
  epoch: number;
  /** In shuffled order. */
  examples: Int32Array;
  /** The same examples: at most `tokensPerBatch` tokens each, or one longer example alone. */
  batches: Int32Array[];
  numTokens: number;
}

export class TrainingOrder {
  readonly updatesPerEpoch: number;
  /** Updates of all epochs. */
  readonly numUpdates: number;
  /** Tokens of one epoch. */
  readonly numTokens: number;
  readonly #lengths: Int32Array;
  readonly #options: OrderOptions;
  /** The epoch that was planned last. */
  #epoch: { epoch: number; examples: Int32Array; ends: Int32Array } | undefined;

  /**
   * `lengths`: tokens of each example.
   * @throws ERPRM_INVALID_ARGUMENT for options that are no integers from 1 (seed: from 0); ERPRM_INVALID_DATA for no examples
   */
  constructor(lengths: Int32Array, options: OrderOptions) {
    expectInteger("seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
    expectPositiveInteger("the number of epochs", options.epochs);
    expectPositiveInteger("the tokens of an update", options.tokensPerUpdate);
    expectPositiveInteger("the tokens of a batch", options.tokensPerBatch);
    if (lengths.length === 0)
      throw new ErprmError("ERPRM_INVALID_DATA", "Expected at least one example, received none");
    this.#lengths = lengths;
    this.#options = options;
    this.numTokens = lengths.reduce((sum, length) => sum + length, 0);
    const wanted = Math.round(this.numTokens / options.tokensPerUpdate);
    this.updatesPerEpoch = Math.min(Math.max(wanted, 1), lengths.length);
    this.numUpdates = this.updatesPerEpoch * options.epochs;
  }

  /** @throws ERPRM_INVALID_ARGUMENT for an index outside 1 .. numUpdates */
  update(updateIndex: number): UpdatePlan {
    expectInteger("the update", updateIndex, 1, this.numUpdates);
    const epoch = Math.floor((updateIndex - 1) / this.updatesPerEpoch);
    const { examples: all, ends } = this.#planOf(epoch);
    const k = updateIndex - 1 - epoch * this.updatesPerEpoch;
    const examples = all.slice(k === 0 ? 0 : ends[k - 1], ends[k]);
    return {
      updateIndex,
      epoch,
      examples,
      batches: packBatches(examples, this.#lengths, this.#options.tokensPerBatch),
      numTokens: examples.reduce((sum, example) => sum + (this.#lengths[example] as number), 0),
    };
  }

  #planOf(epoch: number): { examples: Int32Array; ends: Int32Array } {
    if (this.#epoch?.epoch !== epoch) {
      const examples = shuffledIndices(this.#lengths.length, randomStream(this.#options.seed, "order", epoch));
      this.#epoch = { epoch, examples, ends: this.#endsOf(examples) };
    }
    return this.#epoch;
  }

  /** Where each update ends in the shuffled row: [updatesPerEpoch], strictly rising to the number of examples. */
  #endsOf(examples: Int32Array): Int32Array {
    const n = this.updatesPerEpoch;
    const ends = new Int32Array(n);
    let end = 0;
    let tokens = 0;
    for (let k = 1; k <= n; k++) {
      const wanted = (this.numTokens * k) / n;
      const last = examples.length - (n - k);
      const start = end;
      while (end < last) {
        const length = this.#lengths[examples[end] as number] as number;
        // An example belongs to the update in which its middle lies; every update has one at least.
        if (end > start && tokens + length / 2 > wanted && k < n) break;
        tokens += length;
        end++;
      }
      ends[k - 1] = end;
    }
    return ends;
  }
}
