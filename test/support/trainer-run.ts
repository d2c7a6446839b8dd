/** Runs a training case on the native trainer and collects what its golden holds. */
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openModel } from "../../src/model/open-model.js";
import { readSafetensors } from "../../src/model/safetensors.js";
import type { NativeTrainer, NativeTrainingBatch, TensorSlot, TrainerTensor } from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";
import { type TrainingCase, trainingBatches } from "./training-cases.js";
import type { TrainingGolden } from "./training-golden.js";
import { addedFile } from "./training-model.js";

export interface RunSettings {
  threads: number;
  /** Sequences of one call of `accumulate`. */
  sequencesPerCall: number;
  gradientCheckpointing: boolean;
}

export interface TrainingRun extends TrainingGolden {
  /** Parameters and adapters, without moments. */
  tensors: TrainerTensor[];
}

/** `directory` is what `writeTrainingModel` wrote; a file is made in it. */
export async function runTraining(
  directory: string,
  trainingCase: TrainingCase,
  settings: RunSettings,
): Promise<TrainingRun> {
  const { loss, candidates, lora } = trainingCase;
  const { checkpoint } = await openModel(directory);
  const trainer = await loadNative().createTrainer(checkpoint, {
    device: "cpu",
    computeType: "f32",
    threads: settings.threads,
    loss,
    candidates: Int32Array.from(candidates),
    loraRank: lora?.rank ?? 0,
    loraAlpha: lora?.alpha ?? 0,
    loraTargets: lora?.targets ?? [],
    gradientCheckpointing: settings.gradientCheckpointing,
    initialise: false,
    initialRange: 0.02,
    seed: 0n,
  });
  try {
    await readAdded(trainer, join(directory, addedFile));
    return await train(trainer, directory, trainingCase, settings);
  } finally {
    await trainer.dispose();
  }
}

async function readAdded(trainer: NativeTrainer, path: string): Promise<void> {
  const stored = await readSafetensors(path);
  if (stored.length === 0) return;
  await trainer.readTensors(
    path,
    stored.map(({ name, offset }) => ({ name, offset, type: "F32", merged: false })),
  );
}

async function train(
  trainer: NativeTrainer,
  directory: string,
  trainingCase: TrainingCase,
  { sequencesPerCall }: RunSettings,
): Promise<TrainingRun> {
  const tensors = trainer.tensors().filter(({ kind }) => kind !== "moment");
  const trained = tensors.filter((tensor) => tensor.trained);
  const [losses, scores]: [number[], number[]] = [[], []];
  const gradientNorms: number[] = [];
  const gradients = new Map<string, Float32Array>();
  for (const [index, batch] of trainingBatches(trainingCase).entries()) {
    for (const part of splitBatch(batch, sequencesPerCall)) {
      const result = await trainer.accumulate(part);
      losses.push(...result.losses);
      scores.push(...result.scores);
    }
    if (index === 0) for (const { name } of trained) gradients.set(name, await trainer.gradient(name));
    const learningRate = trainingCase.learningRates[index] as number;
    const { gradientNorm } = await trainer.update({ ...trainingCase.update, updateIndex: index + 1, learningRate });
    gradientNorms.push(gradientNorm);
  }
  const adapters = new Set(tensors.filter(({ kind }) => kind === "adapter").map(({ name }) => name));
  const adapted = tensors.filter(({ name }) => adapters.has(name.replace(/\.weight$/, ".lora_A.weight")));
  return {
    tensors,
    losses: Float32Array.from(losses),
    scores: Float32Array.from(scores),
    gradientNorms: Float64Array.from(gradientNorms),
    gradients,
    weights: await readWeights(trainer, directory, trained, false),
    merged: await readWeights(trainer, directory, adapted, true),
  };
}

/** The tensors through a file, as a checkpoint is written. */
async function readWeights(
  trainer: NativeTrainer,
  directory: string,
  tensors: TrainerTensor[],
  merged: boolean,
): Promise<Map<string, Float32Array>> {
  let end = 0;
  const slots = tensors.map(({ name, shape }): TensorSlot => {
    const offset = end;
    end += 4 * shape.reduce((product, dimension) => product * dimension, 1);
    return { name, type: "F32", offset, merged };
  });
  const path = join(directory, "weights.f32");
  writeFileSync(path, "");
  truncateSync(path, end);
  if (slots.length > 0) await trainer.writeTensors(path, slots);
  const bytes = readFileSync(path);
  const ends = [...slots.slice(1).map(({ offset }) => offset), end];
  return new Map(
    slots.map(({ name, offset }, i) => [
      name,
      new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + (ends[i] as number))),
    ]),
  );
}

/** Groups of consecutive sequences as batches of their own; groups without a trained position are left out. */
function splitBatch(batch: NativeTrainingBatch, sequencesPerCall: number): NativeTrainingBatch[] {
  const parts: NativeTrainingBatch[] = [];
  const numSequences = batch.offsets.length - 1;
  for (let first = 0; first < numSequences; first += sequencesPerCall) {
    const last = Math.min(first + sequencesPerCall, numSequences);
    const [start, end] = [batch.offsets[first] as number, batch.offsets[last] as number];
    const from = batch.positions.findIndex((position) => position >= start);
    const after = batch.positions.findIndex((position) => position >= end);
    const to = after === -1 ? batch.positions.length : after;
    if (from === -1 || from === to) continue;
    parts.push({
      values: batch.values.slice(start, end),
      offsets: batch.offsets.slice(first, last + 1).map((offset) => offset - start),
      positions: batch.positions.slice(from, to).map((position) => position - start),
      tokens: batch.tokens.slice(from, to),
      labels: batch.labels.slice(from, to),
      weights: batch.weights.slice(from, to),
    });
  }
  return parts;
}
