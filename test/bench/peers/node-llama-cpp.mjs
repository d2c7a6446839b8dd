/**
 * The workload on llama.cpp through node-llama-cpp, as its documentation says: one sequence a completion, evaluated together.
 * WORKLOAD.json and the folder that node-llama-cpp is installed in (it is no dependency of this package).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [file, folder] = process.argv.slice(2);
const workload = JSON.parse(readFileSync(file, "utf8"));
const entry = createRequire(join(folder, "package.json")).resolve("node-llama-cpp");
const { getLlama } = await import(pathToFileURL(entry).href);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath: workload.model });
const longest = Math.max(...workload.prefixLengths) + workload.numTokens + 8;
const context = await model.createContext({
  sequences: workload.numCompletions,
  contextSize: longest,
  batchSize: 512,
  threads: workload.threads,
});
const sequences = Array.from({ length: workload.numCompletions }, () => context.getSequence());
let tokens = 0;
let completions = 0;
const start = performance.now();
for (const length of workload.prefixLengths) {
  const prefix = workload.trunk.slice(0, length);
  await Promise.all(
    sequences.map(async (sequence, index) => {
      await sequence.clearHistory();
      let count = 0;
      const options = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: index + 1, yieldEogToken: true };
      for await (const _ of sequence.evaluate(prefix, options)) {
        if (++count === workload.numTokens) break;
      }
      tokens += count;
      completions++;
    }),
  );
}
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, completions, tokens }));
await llama.dispose();
