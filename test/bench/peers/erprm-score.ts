/** The scoring workload on this engine, in a process of its own: WORKLOAD.json, weights. */
import { readFileSync } from "node:fs";
import { openModel } from "../../../src/model/open-model.js";
import type { WeightType } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import type { ScoringWorkload } from "../scoring-workload.js";

const [file, weights] = process.argv.slice(2) as [string, WeightType];
const workload: ScoringWorkload = JSON.parse(readFileSync(file, "utf8"));
const { checkpoint } = await openModel(workload.model);
const model = await loadNative().loadRewardModel(checkpoint, {
  weights,
  threads: workload.threads,
  kvMemoryBytes: 2 ** 30,
  candidates: Int32Array.from(workload.candidates),
});
const scores: number[] = [];
let [values, offsets, positions]: [number[], number[], number[]] = [[], [0], []];

/** Scores what is packed so far. */
async function flush(): Promise<void> {
  if (values.length === 0) return;
  const logits = await model.score(Int32Array.from(values), Int32Array.from(offsets), Int32Array.from(positions));
  for (let p = 0; p < positions.length; p++) {
    scores.push(1 / (1 + Math.exp((logits[2 * p + 1] as number) - (logits[2 * p] as number))));
  }
  [values, offsets, positions] = [[], [0], []];
}

// The first call of a process pays for what later ones find ready.
const first = workload.solutions[0] as (typeof workload.solutions)[number];
await model.score(Int32Array.from(first.ids), Int32Array.of(0, first.ids.length), Int32Array.from(first.positions));
const start = performance.now();
let tokens = 0;
for (const solution of workload.solutions) {
  if (values.length + solution.ids.length > workload.batchTokens) await flush();
  positions.push(...solution.positions.map((position) => values.length + position));
  values.push(...solution.ids);
  offsets.push(values.length);
  tokens += solution.ids.length;
}
await flush();
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, tokens, scores }));
await model.dispose();
