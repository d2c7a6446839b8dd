/**
 * A rollout workload on llama.cpp through node-llama-cpp, as its documentation says: one sequence a completion, evaluated together.
 * WORKLOAD.json, MODEL.gguf and the folder that node-llama-cpp is installed in (it is no dependency of this package).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [file, modelPath, folder] = process.argv.slice(2);
const workload = JSON.parse(readFileSync(file, "utf8"));
const entry = createRequire(join(folder, "package.json")).resolve("node-llama-cpp");
const { getLlama } = await import(pathToFileURL(entry).href);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath });
const prompts = workload.trunks.flatMap(({ tokens, prefixLengths, numCompletions }) =>
  prefixLengths.flatMap((length) => Array(numCompletions).fill(tokens.slice(0, length))),
);
const longest = Math.max(...prompts.map((prompt) => prompt.length)) + workload.numTokens + 8;
const context = await model.createContext({
  sequences: workload.batch,
  contextSize: longest,
  batchSize: 512,
  threads: workload.threads,
});
let tokens = 0;
let completions = 0;

async function complete(sequence, prompt, seed) {
  await sequence.clearHistory();
  let count = 0;
  const options = { temperature: 1, topK: 0, topP: 1, minP: 0, seed, yieldEogToken: true };
  for await (const token of sequence.evaluate(prompt, options)) {
    if (++count === workload.numTokens || workload.endTokens.includes(token)) break;
  }
  tokens += count;
  completions++;
}

const sequences = Array.from({ length: workload.batch }, () => context.getSequence());
const start = performance.now();
let next = 0;
await Promise.all(
  sequences.map(async (sequence) => {
    while (next < prompts.length) {
      const index = next++;
      await complete(sequence, prompts[index], index + 1);
    }
  }),
);
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, completions, tokens }));
await llama.dispose();
