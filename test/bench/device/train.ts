/** Tokens and floating-point operations a second of full updates (forward, backward, clipping, AdamW) on a device. */
import type { NativeTrainingBatch } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import { spreadOf } from "../spread.js";
import { forwardOperations, headOperations } from "./operations.js";
import { type DeviceBench, readBench, report, temporaryFolder } from "./options.js";
import { type DeviceSequence, raggedSequences } from "./sequences.js";
import { makeShapeCheckpoint } from "./shape-checkpoint.js";

interface TrainBench extends DeviceBench {
  /** Of an update. */
  sequences: number;
  stretch: number;
  gradientCheckpointing: boolean;
  computeType: "bf16" | "f32";
}

const bench = readBench<TrainBench>();
const { checkpoint, parameters } = makeShapeCheckpoint(temporaryFolder(), bench.shape);
const { config } = checkpoint;

function toBatch(sequences: DeviceSequence[]): NativeTrainingBatch {
  const batch = { values: [] as number[], offsets: [0], positions: [] as number[], tokens: [] as number[] };
  for (const { ids, promptTokens } of sequences) {
    const start = batch.values.length;
    batch.values.push(...ids);
    batch.offsets.push(batch.values.length);
    for (let i = promptTokens; i < ids.length; i++) {
      batch.positions.push(start + i - 1);
      batch.tokens.push(ids[i] as number);
    }
  }
  return {
    values: Int32Array.from(batch.values),
    offsets: Int32Array.from(batch.offsets),
    positions: Int32Array.from(batch.positions),
    tokens: Int32Array.from(batch.tokens),
    labels: new Float32Array(0),
    weights: new Float32Array(batch.positions.length).fill(1 / batch.positions.length),
  };
}

const trainer = await loadNative().createTrainer(checkpoint, {
  device: bench.device,
  computeType: bench.computeType,
  threads: bench.threads,
  loss: "next-token",
  candidates: new Int32Array(0),
  loraRank: 0,
  loraAlpha: 0,
  loraTargets: [],
  gradientCheckpointing: bench.gradientCheckpointing,
  initialise: false,
  initialRange: 0.02,
  seed: 0n,
});
const seconds: number[] = [];
const rates: number[] = [];
const tokenRates: number[] = [];
const losses: number[] = [];
const size = { vocabulary: config.vocabularySize, stretch: bench.stretch, mostTokens: config.contextLength };
const warmUps = 2; // the first updates allocate
for (let index = 0; index < warmUps + bench.runs; index++) {
  const sequences = raggedSequences(size, index * bench.sequences, bench.sequences);
  const batch = toBatch(sequences);
  const start = performance.now();
  const result = await trainer.accumulate(batch);
  await trainer.update({
    updateIndex: index + 1,
    learningRate: 1e-5,
    weightDecay: 0.01,
    maxGradientNorm: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  const taken = (performance.now() - start) / 1000;
  losses.push(result.losses.reduce((sum, loss) => sum + loss, 0) / result.losses.length);
  if (index < warmUps) continue;
  const lengths = sequences.map(({ ids }) => ids.length);
  const operations = 3 * (forwardOperations(config, lengths) + headOperations(config, batch.positions.length));
  seconds.push(taken);
  rates.push(operations / taken);
  tokenRates.push(batch.values.length / taken);
}
await trainer.dispose();
if (!losses.every(Number.isFinite)) throw new Error(`Expected finite losses, received ${losses}`);
report({
  bench: "train",
  case: `${bench.shape} ${bench.computeType}, ${bench.sequences} sequences an update${bench.gradientCheckpointing ? ", checkpointing" : ""}`,
  shape: bench.shape,
  runs: seconds.length,
  seconds: spreadOf(seconds),
  tokensPerSecond: spreadOf(tokenRates),
  operationsPerSecond: spreadOf(rates),
  parameters,
  losses,
});
