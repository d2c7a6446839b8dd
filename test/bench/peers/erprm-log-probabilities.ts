/** ln p of given tokens on this engine: MODEL, PIECES.json, threads, weights. The first token of each piece has none. */
import { readFileSync } from "node:fs";
import { openModel } from "../../../src/model/open-model.js";
import type { WeightType } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";

const [model, file, threads, weights] = process.argv.slice(2) as [string, string, string, WeightType];
const pieces: number[][] = JSON.parse(readFileSync(file, "utf8"));
const { checkpoint } = await openModel(model);
const policy = await loadNative().loadPolicy(checkpoint, {
  weights,
  threads: Number(threads),
  maxBatch: 8,
  kvMemoryBytes: 2 ** 30,
  prefillChunk: 256,
});
const logProbabilities: number[] = [];
for (const piece of pieces) {
  const values = await policy.logProbabilities(Int32Array.from(piece), Int32Array.of(0, piece.length), 1);
  logProbabilities.push(...values.subarray(1));
}
console.log(JSON.stringify({ logProbabilities }));
await policy.dispose();
