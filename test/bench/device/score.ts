/** Tokens and floating-point operations a second of scoring all steps of ragged solutions on a device. */
import type { WeightType } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import { spreadOf } from "../spread.js";
import { forwardOperations } from "./operations.js";
import { type DeviceBench, readBench, report, temporaryFolder } from "./options.js";
import { raggedSequences } from "./sequences.js";
import { makeShapeCheckpoint } from "./shape-checkpoint.js";

interface ScoreBench extends DeviceBench {
  solutions: number;
  stretch: number;
  /** Of one call. */
  batchTokens: number;
  /** bf16 or f32. */
  weights: string;
}

const bench = readBench<ScoreBench>();
const { checkpoint } = makeShapeCheckpoint(temporaryFolder(), bench.shape);
const { config } = checkpoint;
const options = {
  device: bench.device,
  weights: bench.weights as WeightType,
  threads: bench.threads,
  kvMemoryBytes: 2 ** 30,
  candidates: Int32Array.of(11, 7),
};
const model = await loadNative().loadRewardModel(checkpoint, options);

/** Calls of at most `batchTokens` tokens, [values, offsets, positions] each. */
const calls: [number[], number[], number[]][] = [];
const lengths: number[] = [];
const size = {
  vocabulary: config.vocabularySize,
  stretch: bench.stretch,
  mostTokens: Math.min(config.contextLength, bench.batchTokens),
};
for (const { ids, stepEnds } of raggedSequences(size, 0, bench.solutions)) {
  let last = calls.at(-1);
  if (!last || last[0].length + ids.length > bench.batchTokens) {
    last = [[], [0], []];
    calls.push(last);
  }
  const [values, offsets, positions] = last;
  positions.push(...stepEnds.map((end) => values.length + end));
  values.push(...ids);
  offsets.push(values.length);
  lengths.push(ids.length);
}

async function scoreAll(): Promise<number> {
  const start = performance.now();
  for (const [values, offsets, positions] of calls) {
    const logits = await model.score(Int32Array.from(values), Int32Array.from(offsets), Int32Array.from(positions));
    if (!logits.every(Number.isFinite)) throw new Error("Expected finite logits");
  }
  return (performance.now() - start) / 1000;
}

await scoreAll();
const seconds: number[] = [];
for (let i = 0; i < bench.runs; i++) seconds.push(await scoreAll());
await model.dispose();
const tokens = lengths.reduce((sum, length) => sum + length, 0);
const operations = forwardOperations(config, lengths);
report({
  bench: "score",
  case: `${bench.shape} ${bench.weights}, ${lengths.length} solutions, ${tokens} tokens, calls of ${bench.batchTokens}`,
  shape: bench.shape,
  runs: seconds.length,
  seconds: spreadOf(seconds),
  tokensPerSecond: spreadOf(seconds.map((one) => tokens / one)),
  operationsPerSecond: spreadOf(seconds.map((one) => operations / one)),
});
