/** Examples as what native code takes: packed sequences, their positions, and weights that make an update's loss a mean. */
import { ErprmError } from "../errors.js";
import type { NativeTrainingBatch } from "../native/contract.js";
import type { TrainingExample } from "./example.js";

/** What the batch needs of a store of examples. */
export interface ExampleSource {
  get(i: number): TrainingExample;
  weightOf(i: number): number;
}

/** A native batch, and where each of its examples' positions begin among the batch's P. */
export interface PackedBatch {
  batch: NativeTrainingBatch;
  /** [S] the examples, in the order of the sequences. */
  examples: Int32Array;
  /** [S + 1] */
  positionOffsets: Int32Array;
}

/** Sum of the weights of all positions of the examples: what an update's weights are divided by. */
export function totalWeight(store: ExampleSource, examples: Iterable<number>): number {
  let sum = 0;
  for (const example of examples) sum += store.weightOf(example);
  return sum;
}

/**
 * The examples packed, weights divided by `divisor`: with the total weight of all micro-batches of an update, the sum of
 * weights[p] * l_p over them is the weighted mean of the update's losses.
 * @throws ERPRM_INVALID_ARGUMENT for no examples, a divisor that is not above 0, or examples of both kinds
 */
export function packExamples(store: ExampleSource, examples: Int32Array, divisor: number): PackedBatch {
  const all = Array.from(examples, (i) => store.get(i));
  const kind = all[0]?.kind;
  if (kind === undefined || all.some((example) => example.kind !== kind) || !(divisor > 0)) {
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      `Expected examples of one kind and a total weight above 0, received ${all.length} examples and ${divisor}`,
      { name: "examples", received: all.length, divisor },
    );
  }
  const offsets = new Int32Array(all.length + 1);
  const positionOffsets = new Int32Array(all.length + 1);
  for (const [s, { tokenIds, positions }] of all.entries()) {
    offsets[s + 1] = (offsets[s] as number) + tokenIds.length;
    positionOffsets[s + 1] = (positionOffsets[s] as number) + positions.length;
  }
  const numPositions = positionOffsets[all.length] as number;
  const batch: NativeTrainingBatch = {
    values: new Int32Array(offsets[all.length] as number),
    offsets,
    positions: new Int32Array(numPositions),
    tokens: new Int32Array(kind === "policy" ? numPositions : 0),
    labels: new Float32Array(kind === "reward" ? numPositions : 0),
    weights: new Float32Array(numPositions),
  };
  for (const [s, example] of all.entries()) {
    const start = offsets[s] as number;
    const first = positionOffsets[s] as number;
    batch.values.set(example.tokenIds, start);
    for (const [p, position] of example.positions.entries()) {
      batch.positions[first + p] = start + position;
      batch.weights[first + p] = (example.weights[p] as number) / divisor;
    }
    if (example.kind === "policy") batch.tokens.set(example.tokens, first);
    else batch.labels.set(example.labels, first);
  }
  return { batch, examples, positionOffsets };
}
