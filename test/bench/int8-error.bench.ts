/** How far the logits of int8 weights are from those of f32 weights, on the tokens of a worked solution. --model MODEL */
import { parseArgs } from "node:util";
import type { WeightType } from "../../src/native/contract.js";
import { openPolicyFiles } from "../../src/policy/open-policy.js";
import { textPrompts } from "./prompts.js";

const { values: flags } = parseArgs({ options: { model: { type: "string" } } });
if (!flags.model) {
  console.error("Usage: npm run bench int8-error -- --model MODEL");
  process.exit(2);
}
const { addon, checkpoint, text } = await openPolicyFiles(flags.model, {});
const ids = Int32Array.from(textPrompts(text).solution(0, 8).tokens);
const { vocabularySize } = checkpoint.config;

/** [tokens, vocabulary] */
async function logitsOf(weights: WeightType): Promise<Float32Array> {
  const options = { weights, threads: 2, maxBatch: 8, kvMemoryBytes: 2 ** 30, prefillChunk: 256 };
  const policy = await addon.loadPolicy(checkpoint, options);
  const logits = await policy.logits(ids, Int32Array.of(0, ids.length));
  await policy.dispose();
  return logits;
}

function peakOf(row: Float32Array): { token: number; logTotal: number } {
  let token = 0;
  for (let v = 1; v < row.length; v++) if ((row[v] as number) > (row[token] as number)) token = v;
  const peak = row[token] as number;
  let total = 0;
  for (const logit of row) total += Math.exp(logit - peak);
  return { token, logTotal: peak + Math.log(total) };
}

const exact = await logitsOf("f32");
const rounded = await logitsOf("int8");
let [squaredError, squared, divergence, sameBest] = [0, 0, 0, 0];
for (let row = 0; row < ids.length; row++) {
  const a = exact.subarray(row * vocabularySize, (row + 1) * vocabularySize);
  const b = rounded.subarray(row * vocabularySize, (row + 1) * vocabularySize);
  const [peakA, peakB] = [peakOf(a), peakOf(b)];
  if (peakA.token === peakB.token) sameBest += 1;
  for (let v = 0; v < vocabularySize; v++) {
    const [x, y] = [a[v] as number, b[v] as number];
    squaredError += (x - y) ** 2;
    squared += x * x;
    divergence += Math.exp(x - peakA.logTotal) * (x - peakA.logTotal - (y - peakB.logTotal));
  }
}
console.log(
  JSON.stringify({
    kernels: addon.buildInfo.kernels,
    tokens: ids.length,
    relativeL2: Math.sqrt(squaredError / squared),
    klNats: divergence / ids.length,
    sameBest,
  }),
);
