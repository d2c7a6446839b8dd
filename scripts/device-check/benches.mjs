/** The benchmarks: kernels by CUDA's events, whole runs by the clock. Real sizes on a card, toy sizes on emulated kernels. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { StageFailure } from "./command.mjs";

const gibibyte = 2 ** 30;

export const kernelBench = {
  name: "kernels",
  seconds: 200,
  async run({ device, run }) {
    const args = [device, ...(device === "cuda" ? [] : ["--toy"])];
    const { status, signal, lines } = await run("build/erprm_kernel_bench", args);
    const results = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    // It goes on after a benchmark that failed, whose name and reason it said.
    const said = lines.filter((line) => line !== "" && !line.startsWith("{"));
    return {
      results,
      ...(status === 0 ? {} : { failed: `ended with ${signal ?? status}: ${said.slice(-5).join("; ")}` }),
    };
  },
};

const decoding = { rowsATrunk: 32, trunkTokens: 512, tokens: 256, prefixes: 1 };
const toyDecoding = { rowsATrunk: 2, trunkTokens: 24, tokens: 5, prefixes: 1 };

/** A program of test/bench/device for each list of its options; results so far are kept when one fails. */
function programs(name, seconds, script, real, toy) {
  return {
    name,
    seconds,
    async run({ device, threads, expectJson }) {
      const results = [];
      for (const options of device === "cuda" ? real : toy) {
        const bench = { device, threads, runs: device === "cuda" ? 3 : 1, ...options };
        try {
          results.push(
            ...(await expectJson(process.execPath, [`dist/test/bench/device/${script}.js`, JSON.stringify(bench)])),
          );
        } catch (error) {
          if (error instanceof StageFailure) error.results = results;
          throw error;
        }
      }
      return { results };
    },
  };
}

const toyModel = { shape: "toy", weights: "bf16", kvMemoryBytes: 2 ** 24 };

export const wholeRuns = [
  programs(
    "decode-8b",
    240,
    "decode",
    [
      { shape: "llama-3.1-8b", weights: "bf16", batches: [256, 512, 1024], kvMemoryBytes: 70 * gibibyte, ...decoding },
      // The engine's main job: prefixes of a solution, nested.
      {
        shape: "llama-3.1-8b",
        weights: "bf16",
        batches: [512],
        kvMemoryBytes: 70 * gibibyte,
        ...decoding,
        rowsATrunk: 256,
        prefixes: 8,
      },
    ],
    [
      { ...toyModel, batches: [2, 4], ...toyDecoding },
      { ...toyModel, weights: "f32", batches: [4], ...toyDecoding, rowsATrunk: 4, prefixes: 2 },
    ],
  ),
  programs(
    "decode-1.7b",
    150,
    "decode",
    [{ shape: "smollm2-1.7b", weights: "bf16", batches: [256, 512, 1024], kvMemoryBytes: 110 * gibibyte, ...decoding }],
    [{ ...toyModel, batches: [4], ...toyDecoding }],
  ),
  programs(
    "score",
    150,
    "score",
    [
      { shape: "llama-3.1-8b", weights: "bf16", solutions: 512, stretch: 4, batchTokens: 16384 },
      { shape: "smollm2-1.7b", weights: "bf16", solutions: 1024, stretch: 4, batchTokens: 32768 },
    ],
    [{ shape: "toy", weights: "bf16", solutions: 3, stretch: 1, batchTokens: 256 }],
  ),
  programs(
    "train",
    180,
    "train",
    [
      { shape: "smollm2-1.7b", computeType: "bf16", sequences: 32, stretch: 4, gradientCheckpointing: false },
      { shape: "smollm2-1.7b", computeType: "bf16", sequences: 64, stretch: 4, gradientCheckpointing: true },
    ],
    [{ shape: "toy", computeType: "bf16", sequences: 2, stretch: 1, gradientCheckpointing: true }],
  ),
];

export const peer = {
  name: "transformers",
  seconds: 300,
  async run({ device, root, python, before, expectJson }) {
    const facts = before.environment?.facts?.python;
    if (device === "cuda" && !facts?.transformers) throw new StageFailure(`${python} has no transformers`);
    const { deviceShapes } = await import(pathToFileURL(join(root, "dist/test/bench/device/shape-checkpoint.js")).href);
    const real = [
      { shape: "llama-3.1-8b", batch: 256, compiled: false, runs: 1, ...decoding },
      { shape: "llama-3.1-8b", batch: 256, compiled: true, runs: 1, ...decoding },
      { shape: "smollm2-1.7b", batch: 256, compiled: true, runs: 1, ...decoding },
    ];
    const toy = [{ shape: "toy", batch: 4, compiled: false, runs: 1, ...toyDecoding }];
    const results = [];
    for (const { shape, ...options } of device === "cuda" ? real : toy) {
      const bench = { device: device === "cuda" ? "cuda" : "cpu", config: deviceShapes[shape], ...options };
      const [result] = await expectJson(python, ["test/bench/peers/transformers-static.py", JSON.stringify(bench)]);
      results.push({ ...result, shape });
    }
    return { results };
  },
};
