/** Whole runs by the clock: a program of test/bench/device for each configuration. Real sizes on a card, toy sizes without one. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { factsOf } from "./build.mjs";

export const decoding = { rowsATrunk: 32, trunkTokens: 512, tokens: 256, prefixes: 1 };
export const toyDecoding = { rowsATrunk: 2, trunkTokens: 24, tokens: 5, prefixes: 1 };

/** @param {{ name: string, seconds: number, options: object }} one `name` of the part; `options` of its program, DeviceBench and more */
const part = (script, { name, seconds, options }) => ({
  name,
  seconds,
  async run({ device, threads, out, measure }) {
    const bench = { device, threads, runs: device === "cuda" ? 3 : 1, ...options };
    // A gigabyte of weights, which a killed program leaves behind.
    const folder = join(out, "temporary");
    mkdirSync(folder, { recursive: true });
    try {
      const env = { TMPDIR: folder };
      await measure(process.execPath, [`dist/test/bench/device/${script}.js`, JSON.stringify(bench)], { env });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

function programs(name, seconds, script, real, toy) {
  const configurations = ({ device, results }) => (device === "cuda" ? real(factsOf(results)) : toy);
  return { name, seconds, parts: (given) => configurations(given).map((one) => part(script, one)) };
}

/** 0: three quarters of what the card has free once the weights are on it. */
const fromFreeMemory = 0;

function decodings(shape, seconds, batches) {
  return batches.map((batch) => ({
    name: `batch ${batch}`,
    seconds,
    options: { shape, weights: "bf16", batches: [batch], kvMemoryBytes: fromFreeMemory, ...decoding },
  }));
}

const toyModel = { shape: "toy", weights: "bf16", kvMemoryBytes: 2 ** 24 };
const gibibyte = 2 ** 30;

/** Activations that are all kept want the memory of a larger card. */
const isSmall = (facts) => (facts.card?.memoryBytes ?? 0) < 100 * gibibyte;

export const decode8b = programs(
  "decode-8b",
  420,
  "decode",
  () => [
    ...decodings("llama-3.1-8b", 120, [256, 512, 1024]),
    // The engine's main job: prefixes of a solution, nested.
    {
      name: "8 nested prefixes",
      seconds: 120,
      options: {
        ...{ shape: "llama-3.1-8b", weights: "bf16", batches: [512], kvMemoryBytes: fromFreeMemory },
        ...{ ...decoding, rowsATrunk: 256, prefixes: 8 },
      },
    },
  ],
  [
    { name: "batches", seconds: 60, options: { ...toyModel, batches: [2, 4], ...toyDecoding } },
    {
      name: "nested prefixes",
      seconds: 60,
      options: { ...toyModel, weights: "f32", batches: [4], ...toyDecoding, rowsATrunk: 4, prefixes: 2 },
    },
  ],
);

export const decode1b = programs("decode-1.7b", 180, "decode", () => decodings("smollm2-1.7b", 80, [256, 512, 1024]), [
  { name: "batch 4", seconds: 60, options: { ...toyModel, batches: [4], ...toyDecoding } },
]);

const scoring = { weights: "bf16", stretch: 4 };
export const score = programs(
  "score",
  150,
  "score",
  () => [
    { name: "8b", seconds: 80, options: { ...scoring, shape: "llama-3.1-8b", solutions: 512, batchTokens: 16384 } },
    { name: "1.7b", seconds: 70, options: { ...scoring, shape: "smollm2-1.7b", solutions: 1024, batchTokens: 32768 } },
  ],
  [{ name: "toy", seconds: 60, options: { ...scoring, shape: "toy", solutions: 3, stretch: 1, batchTokens: 256 } }],
);

const training = { shape: "smollm2-1.7b", computeType: "bf16", stretch: 4 };
export const train = programs(
  "train",
  180,
  "train",
  (facts) => [
    {
      name: "checkpointing",
      seconds: 90,
      options: { ...training, sequences: isSmall(facts) ? 32 : 64, gradientCheckpointing: true },
    },
    {
      name: "no checkpointing",
      seconds: 90,
      options: { ...training, sequences: isSmall(facts) ? 8 : 32, gradientCheckpointing: false },
    },
  ],
  [
    {
      name: "toy",
      seconds: 60,
      options: { ...training, shape: "toy", stretch: 1, sequences: 2, gradientCheckpointing: true },
    },
  ],
);
