/**
 * Tokens a second of completions of forced length on a device: prefill, sampling and the way back to JavaScript included, loading and
 * the first run not. `batch` completions run at once, `rowsATrunk` of them from each trunk.
 */
import type { NativeRolloutRequest, WeightType } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import { randomNumbers } from "../../support/random-numbers.js";
import { spreadOf } from "../spread.js";
import { type DeviceBench, readBench, report, temporaryFolder } from "./options.js";
import { makeShapeCheckpoint } from "./shape-checkpoint.js";

interface DecodeBench extends DeviceBench {
  batches: number[];
  trunkTokens: number;
  rowsATrunk: number;
  /** Of each completion. */
  tokens: number;
  /** Prefixes of each trunk, spread over its second half; each has rowsATrunk / prefixes completions. */
  prefixes: number;
  kvMemoryBytes: number;
  /** bf16 or f32. */
  weights: string;
}

const bench = readBench<DecodeBench>();
const { checkpoint, multiplied, parameters } = makeShapeCheckpoint(temporaryFolder(), bench.shape);
const { config } = checkpoint;
const random = randomNumbers(3);
let nextId = 1;

function request(maxTokens: number): NativeRolloutRequest {
  const { trunkTokens, prefixes, rowsATrunk } = bench;
  const shortest = prefixes === 1 ? trunkTokens : trunkTokens / 2;
  const lengths = Array.from({ length: prefixes }, (_, i) =>
    Math.round(shortest + ((trunkTokens - shortest) * i) / Math.max(1, prefixes - 1)),
  );
  const id = nextId++;
  return {
    id,
    trunk: Int32Array.from({ length: trunkTokens }, () => Math.floor(random() * config.vocabularySize)),
    prefixLengths: Int32Array.from(lengths),
    numCompletions: new Int32Array(prefixes).fill(rowsATrunk / prefixes),
    solutionIndices: new Int32Array(prefixes),
    stepIndices: Int32Array.from(lengths, (_, i) => i),
    firstCompletions: new Int32Array(prefixes),
    seed: 1n,
    problemKey: BigInt(id),
    temperature: 1,
    topK: 0,
    topP: 1,
    minP: 0,
    maxTokens,
    stopTokens: new Int32Array(0),
    stopBytes: new Uint8Array(0),
    stopBytesOffsets: Int32Array.of(0),
  };
}

for (const batch of bench.batches) {
  const loading = performance.now();
  const options = {
    device: bench.device,
    weights: bench.weights as WeightType,
    threads: bench.threads,
    maxBatch: batch,
    kvMemoryBytes: bench.kvMemoryBytes,
    prefillChunk: 8192,
  };
  const policy = await loadNative().loadPolicy(checkpoint, options);
  const loadSeconds = (performance.now() - loading) / 1000;
  const trunks = batch / bench.rowsATrunk;
  const run = async (maxTokens: number) => {
    const requests = Array.from({ length: trunks }, () => request(maxTokens));
    const start = performance.now();
    const results = await Promise.all(requests.map((one) => policy.rollout(one)));
    const seconds = (performance.now() - start) / 1000;
    const sampled = results.reduce((sum, { values }) => sum + values.length, 0);
    if (sampled !== batch * maxTokens) {
      throw new Error(`Expected ${batch * maxTokens} tokens of ${batch} completions, received ${sampled}`);
    }
    return seconds;
  };
  await run(Math.min(bench.tokens, 24));
  const seconds: number[] = [];
  const prefills: number[] = [];
  for (let i = 0; i < bench.runs; i++) {
    seconds.push(await run(bench.tokens));
    // The first token needs no iteration: it is drawn from the prefix's logits.
    prefills.push(await run(1));
  }
  const prefillSeconds = spreadOf(prefills).median;
  const iterationSeconds = (spreadOf(seconds).median - prefillSeconds) / (bench.tokens - 1);
  const { promptTokens, iterations, kvBytesPeak } = policy.stats();
  await policy.dispose();
  report({
    bench: "decode",
    case: `${bench.shape} ${bench.weights}, batch ${batch}, ${bench.rowsATrunk} a trunk of ${bench.trunkTokens} (${bench.prefixes} prefixes), ${bench.tokens} tokens each`,
    shape: bench.shape,
    batch,
    rowsATrunk: bench.rowsATrunk,
    trunkTokens: bench.trunkTokens,
    tokens: bench.tokens,
    prefixes: bench.prefixes,
    runs: seconds.length,
    seconds: spreadOf(seconds),
    tokensPerSecond: spreadOf(seconds.map((one) => (batch * bench.tokens) / one)),
    completionsPerSecond: spreadOf(seconds.map((one) => batch / one)),
    prefillSeconds,
    // Of a run too short for the clock it may come out as nothing.
    iterationSeconds: iterationSeconds > 0 ? iterationSeconds : undefined,
    loadSeconds,
    promptTokens,
    iterations,
    kvBytesPeak,
    multiplied,
    parameters,
    kvBytesPerToken: 2 * config.numLayers * config.numKvHeads * config.headSize * (bench.weights === "bf16" ? 2 : 4),
  });
}
