/** The training workload on this trainer, in a process of its own: WORKLOAD.json. */
import { readFileSync } from "node:fs";
import { openModel } from "../../../src/model/open-model.js";
import type { NativeTrainingBatch } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import type { BenchSequence, TrainingWorkload } from "../training-workload.js";

const workload: TrainingWorkload = JSON.parse(readFileSync(process.argv[2] as string, "utf8"));

/** The mean loss of the solutions' tokens, as the peer has it. */
function toBatch(sequences: BenchSequence[]): NativeTrainingBatch {
  const values: number[] = [];
  const offsets = [0];
  const positions: number[] = [];
  const tokens: number[] = [];
  for (const { ids, promptTokens } of sequences) {
    const start = values.length;
    values.push(...ids);
    offsets.push(values.length);
    for (let i = promptTokens; i < ids.length; i++) {
      positions.push(start + i - 1);
      tokens.push(ids[i] as number);
    }
  }
  return {
    values: Int32Array.from(values),
    offsets: Int32Array.from(offsets),
    positions: Int32Array.from(positions),
    tokens: Int32Array.from(tokens),
    labels: new Float32Array(0),
    weights: new Float32Array(positions.length).fill(1 / positions.length),
  };
}

const { checkpoint } = await openModel(workload.model);
const trainer = await loadNative().createTrainer(checkpoint, {
  device: "cpu",
  computeType: "f32",
  threads: workload.threads,
  loss: "next-token",
  candidates: new Int32Array(0),
  loraRank: 0,
  loraAlpha: 0,
  loraTargets: [],
  gradientCheckpointing: workload.gradientCheckpointing,
  initialise: false,
  initialRange: 0.02,
  seed: 0n,
});
const { learningRate, weightDecay, maxGradientNorm } = workload;
const losses: number[] = [];
let tokens = 0;
let start = 0;
for (const [index, sequences] of workload.updates.entries()) {
  if (index === 1) start = performance.now();
  const batch = toBatch(sequences);
  const result = await trainer.accumulate(batch);
  await trainer.update({
    updateIndex: index + 1,
    learningRate,
    weightDecay,
    maxGradientNorm,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  losses.push(result.losses.reduce((sum, loss) => sum + loss, 0) / result.losses.length);
  if (index > 0) tokens += batch.values.length;
}
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, tokens, losses }));
await trainer.dispose();
