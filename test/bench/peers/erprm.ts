/** A rollout workload on this engine, in a process of its own: WORKLOAD.json, weights. */
import { readFileSync } from "node:fs";
import { openModel } from "../../../src/model/open-model.js";
import type { WeightType } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import type { Trunk, Workload } from "../workload.js";

const [file, weights] = process.argv.slice(2) as [string, WeightType];
const workload: Workload = JSON.parse(readFileSync(file, "utf8"));
const { checkpoint } = await openModel(workload.model);
const policy = await loadNative().loadPolicy(checkpoint, {
  weights,
  threads: workload.threads,
  maxBatch: workload.batch,
  kvMemoryBytes: 4 * 2 ** 30,
  prefillChunk: 256,
});

const request = ({ tokens, prefixLengths, numCompletions }: Trunk, index: number) => ({
  id: index + 1,
  trunk: Int32Array.from(tokens),
  prefixLengths: Int32Array.from(prefixLengths),
  numCompletions: new Int32Array(prefixLengths.length).fill(numCompletions),
  solutionIndices: new Int32Array(prefixLengths.length),
  stepIndices: Int32Array.from(prefixLengths, (_, i) => i),
  firstCompletions: new Int32Array(prefixLengths.length),
  seed: 1n,
  problemKey: BigInt(index + 1),
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  maxTokens: workload.numTokens,
  stopTokens: Int32Array.from(workload.endTokens),
  stopBytes: new Uint8Array(0),
  stopBytesOffsets: Int32Array.of(0),
});

const start = performance.now();
const results = await Promise.all(workload.trunks.map((trunk, index) => policy.rollout(request(trunk, index))));
const seconds = (performance.now() - start) / 1000;
const completions = results.reduce((sum, { finishReasons }) => sum + finishReasons.length, 0);
const tokens = results.reduce((sum, { values }) => sum + values.length, 0);
const { promptTokens, iterations } = policy.stats();
console.log(JSON.stringify({ seconds, completions, tokens, promptTokens, iterations }));
await policy.dispose();
