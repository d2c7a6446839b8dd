/** A trainer of the small random Llama, and batches for it. */
import type { ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import type {
  Checkpoint,
  NativeTrainer,
  NativeTrainerOptions,
  NativeTrainingBatch,
  NativeUpdateOptions,
  TensorSlot,
} from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";

export const trainerDefaults: NativeTrainerOptions = {
  device: "cpu",
  computeType: "f32",
  threads: 1,
  loss: "next-token",
  candidates: new Int32Array(0),
  loraRank: 0,
  loraAlpha: 0,
  loraTargets: [],
  gradientCheckpointing: false,
  initialise: false,
  initialRange: 0.02,
  seed: 0n,
};

export const allLinears = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/** A trainer of the model in `directory`; it is disposed of when the test ends. */
export async function createTinyTrainer(
  t: ExecutionContext,
  directory: string,
  options: Partial<NativeTrainerOptions> = {},
  change: (checkpoint: Checkpoint) => Checkpoint = (checkpoint) => checkpoint,
): Promise<NativeTrainer> {
  const { checkpoint } = await openModel(directory);
  const trainer = await loadNative().createTrainer(change(checkpoint), { ...trainerDefaults, ...options });
  t.teardown(() => trainer.dispose());
  return trainer;
}

/** Sequences of pseudo-random tokens below 256, every token but the last of each trained towards the next one. */
export function nextTokenBatch(lengths: readonly number[], seed = 1): NativeTrainingBatch {
  const values: number[] = [];
  const offsets = [0];
  const positions: number[] = [];
  for (const [s, length] of lengths.entries()) {
    for (let i = 0; i < length; i++) {
      if (i + 1 < length) positions.push(values.length);
      values.push((seed * 89 + s * 41 + i * 31 + ((i * i) % 17)) % 256);
    }
    offsets.push(values.length);
  }
  return {
    values: Int32Array.from(values),
    offsets: Int32Array.from(offsets),
    positions: Int32Array.from(positions),
    tokens: Int32Array.from(positions, (position) => values[position + 1] as number),
    labels: new Float32Array(0),
    weights: Float32Array.from(positions, () => 1 / positions.length),
  };
}

/** The same sequences with a label at every third token. */
export function labelBatch(lengths: readonly number[], seed = 1): NativeTrainingBatch {
  const batch = nextTokenBatch(lengths, seed);
  const positions = batch.positions.filter((position) => position % 3 === 0);
  return {
    ...batch,
    positions,
    tokens: new Int32Array(0),
    labels: Float32Array.from(positions, (position) => (position % 7) / 6),
    weights: Float32Array.from(positions, () => 1 / positions.length),
  };
}

export function updateOptions(updateIndex: number, changes: Partial<NativeUpdateOptions> = {}): NativeUpdateOptions {
  return {
    updateIndex,
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.1,
    maxGradientNorm: 1,
    ...changes,
  };
}

/** A place for every tensor that passes `wanted`, one behind the other from the start of the file. */
export function slotsFor(
  trainer: NativeTrainer,
  wanted: (name: string) => boolean = () => true,
): { slots: TensorSlot[]; size: number } {
  let size = 0;
  const slots = trainer
    .tensors()
    .filter(({ name }) => wanted(name))
    .map(({ name, shape }): TensorSlot => {
      const offset = size;
      size += 4 * shape.reduce((product, dimension) => product * dimension, 1);
      return { name, type: "F32", offset, merged: false };
    });
  return { slots, size };
}
