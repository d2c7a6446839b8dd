/**
 * The trainer against PyTorch: some updates of small models, every loss, with adapters, accumulation and checkpointing. The
 * goldens are float64 results, made by scripts/make-training-goldens.py. Within 1e-5 means: of a loss, absolute and above 1
 * relative; of a score or weight, absolute; of a gradient, relative to the largest element of its tensor; of a norm, relative.
 */
import test, { type ExecutionContext } from "ava";
import { makeFolder } from "../support/folder.js";
import { type RunSettings, runTraining, type TrainingRun } from "../support/trainer-run.js";
import { type TrainingCase, trainingCases } from "../support/training-cases.js";
import { readTrainingGolden, type TrainingGolden } from "../support/training-golden.js";
import { trainedTensors, writeTrainingModel } from "../support/training-model.js";

const tolerance = 1e-5;
const wholeBatch = Number.POSITIVE_INFINITY;
const plain: RunSettings = { threads: 1, sequencesPerCall: wholeBatch, gradientCheckpointing: false };

const variants: Record<string, RunSettings> = {
  "the whole batch at once": plain,
  "two sequences at a time": { ...plain, threads: 2, sequencesPerCall: 2 },
  "gradient checkpointing": { ...plain, threads: 2, gradientCheckpointing: true },
  "gradient checkpointing and one sequence at a time": { threads: 2, sequencesPerCall: 1, gradientCheckpointing: true },
};

type Numbers = Float32Array | Float64Array;

/** The largest |received - expected| / scale(expected), where every `stride`-th element was kept. A NaN is infinitely far. */
function distance(received: Numbers, expected: Numbers, stride: number, scale: (expected: number) => number): number {
  if (Math.ceil(received.length / stride) !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [i, value] of expected.entries()) {
    const difference = Math.abs((received[i * stride] as number) - value) / scale(value);
    largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
  }
  return largest;
}

const absolute = (): number => 1;
const aboveOneRelative = (expected: number): number => Math.max(1, Math.abs(expected));

function largestOf(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

function expectNear(t: ExecutionContext, what: string, found: number): void {
  t.true(found <= tolerance, `${what}: ${found.toExponential(2)} from PyTorch`);
}

function expectTensors(
  t: ExecutionContext,
  kind: "gradients" | "weights" | "merged",
  run: TrainingRun,
  golden: TrainingGolden,
  stride: number,
): void {
  t.deepEqual([...run[kind].keys()].sort(), [...golden[kind].keys()].sort());
  const shapes = new Map(run.tensors.map(({ name, shape }) => [name, shape]));
  for (const [name, expected] of golden[kind]) {
    const kept = shapes.get(name)?.length === 1 ? 1 : stride;
    const largest = largestOf(expected);
    const scale = kind === "gradients" ? () => largest : absolute;
    expectNear(t, `${kind} of ${name}`, distance(run[kind].get(name) as Float32Array, expected, kept, scale));
  }
}

function expectParity(t: ExecutionContext, run: TrainingRun, golden: TrainingGolden, stride: number): void {
  expectNear(t, "losses", distance(run.losses, golden.losses, 1, aboveOneRelative));
  expectNear(t, "scores", distance(run.scores, golden.scores, 1, absolute));
  expectNear(t, "gradient norms", distance(run.gradientNorms, golden.gradientNorms, 1, Math.abs));
  expectTensors(t, "gradients", run, golden, stride);
  expectTensors(t, "weights", run, golden, stride);
  expectTensors(t, "merged", run, golden, stride);
}

async function runCase(t: ExecutionContext, trainingCase: TrainingCase, settings: RunSettings): Promise<TrainingRun> {
  const directory = makeFolder(t);
  await writeTrainingModel(directory, trainingCase);
  return runTraining(directory, trainingCase, settings);
}

for (const [name, trainingCase] of Object.entries(trainingCases)) {
  for (const [variant, settings] of Object.entries(variants)) {
    test(`${name}, ${variant}: losses, gradients and weights after the updates are within 1e-5 of PyTorch`, async (t) => {
      const run = await runCase(t, trainingCase, settings);
      expectParity(t, run, readTrainingGolden(name), trainingCase.stride);
    });
  }

  test(`${name}: one and two threads give the very same bits`, async (t) => {
    const one = await runCase(t, trainingCase, { ...plain, threads: 1 });
    const two = await runCase(t, trainingCase, { ...plain, threads: 2 });
    t.deepEqual(two, one);
    t.true(one.losses.every(Number.isFinite));
  });

  test(`${name}: gradient checkpointing changes not a bit`, async (t) => {
    const kept = await runCase(t, trainingCase, plain);
    const recomputed = await runCase(t, trainingCase, { ...plain, gradientCheckpointing: true });
    t.deepEqual(recomputed, kept);
  });

  test(`${name}: exactly the tensors that PyTorch trains are trained, in its shapes`, async (t) => {
    const { tensors } = await runCase(t, { ...trainingCase, learningRates: [0] }, plain);
    const trained = tensors.filter((tensor) => tensor.trained).map((tensor) => [tensor.name, tensor.shape]);
    t.deepEqual(Object.fromEntries(trained), Object.fromEntries(trainedTensors(trainingCase)));
  });
}
