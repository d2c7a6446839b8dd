/** The workload on this engine, in a process of its own: WORKLOAD.json, weights, batch size. */
import { readFileSync } from "node:fs";
import { openModel } from "../../../src/model/open-model.js";
import type { WeightType } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import type { Workload } from "../workload.js";

const [file, weights, batch] = process.argv.slice(2) as [string, WeightType, string];
const workload: Workload = JSON.parse(readFileSync(file, "utf8"));
const { checkpoint } = await openModel(workload.model);
const policy = await loadNative().loadPolicy(checkpoint, {
  weights,
  threads: workload.threads,
  maxBatch: Number(batch),
  kvMemoryBytes: 4 * 2 ** 30,
  prefillChunk: 256,
});
const count = workload.prefixLengths.length;
const start = performance.now();
const { values, finishReasons } = await policy.rollout({
  id: 1,
  trunk: Int32Array.from(workload.trunk),
  prefixLengths: Int32Array.from(workload.prefixLengths),
  numCompletions: new Int32Array(count).fill(workload.numCompletions),
  solutionIndices: new Int32Array(count),
  stepIndices: Int32Array.from({ length: count }, (_, i) => i),
  firstCompletions: new Int32Array(count),
  seed: 1n,
  problemKey: 1n,
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  maxTokens: workload.numTokens,
  stopTokens: new Int32Array(0),
  stopBytes: new Uint8Array(0),
  stopBytesOffsets: Int32Array.of(0),
});
const seconds = (performance.now() - start) / 1000;
const { promptTokens, iterations } = policy.stats();
console.log(
  JSON.stringify({ seconds, completions: finishReasons.length, tokens: values.length, promptTokens, iterations }),
);
await policy.dispose();
