/**
 * How many rollouts a second, against transformers, node-llama-cpp and llama.cpp through its C API: same weights, same prompts, on
 * workloads by name. Prefill, sampling and the way back to the caller are in the time; loading is not. Before anything is timed the
 * engines' log-probabilities of the same tokens are compared.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { openModel } from "../../src/model/open-model.js";
import { warnWhenBusy } from "./busy-machine.js";
import { measureCeilings } from "./ceilings.js";
import { buildLlamaCpp, makeLlamaCppWeights } from "./llama-cpp.js";
import { openPromptText, qualityPieces, randomPrompts, textPrompts } from "./prompts.js";
import { findPython } from "./python-peer.js";
import type { Quality } from "./quality.js";
import { type EngineName, makeEngines } from "./rollout-engines.js";
import { measureWorkload } from "./rollout-measure.js";
import { parseRolloutOptions, type RolloutOptions, usage } from "./rollout-options.js";
import { checkQuality } from "./rollout-quality.js";
import { writeRolloutShape } from "./rollout-shapes.js";
import { qualityCell, type SummaryRow, summarize, summaryTable } from "./rollout-summary.js";
import { makeWorkload } from "./workload.js";

let options: RolloutOptions;
try {
  options = parseRolloutOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}
const { threads } = options;
const folder = mkdtempSync(join(tmpdir(), "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
const say = (text: string) => console.error(text);

const model = options.model ?? join(folder, "shape.gguf");
if (options.shape !== undefined) await writeRolloutShape(model, options.shape);
const { config } = (await openModel(model)).checkpoint;
const text = options.shape === undefined ? await openPromptText(model) : undefined;
const source = text === undefined ? randomPrompts(config.vocabularySize) : textPrompts(text);

const wants = (start: string) => options.engines.some((name) => name.startsWith(start));
const python = wants("transformers") ? findPython(options.python, ["torch", "transformers", "gguf"]) : undefined;
function llamaCppParts() {
  if (!wants("llama.cpp") && !wants("node-llama-cpp")) return undefined;
  if (options.nodeLlamaCpp === undefined) {
    say("The rows of llama.cpp are missing: give --node-llama-cpp FOLDER, one that node-llama-cpp is installed in.");
    return undefined;
  }
  const built = buildLlamaCpp(options.nodeLlamaCpp, folder);
  return { ...built, folder: options.nodeLlamaCpp, weights: makeLlamaCppWeights(built, model, folder, threads) };
}
const llamaCpp = llamaCppParts();
const possible = makeEngines({ model, threads, python, llamaCpp });
const engines = possible.filter(({ name }) => options.engines.includes(name));

const ceilings = measureCeilings(folder, threads);
let qualities = new Map<EngineName, Quality>();
if (options.qualityTokens > 0) {
  const file = join(folder, "pieces.json");
  writeFileSync(file, JSON.stringify(qualityPieces(source, text, options.qualityTokens)));
  const checked = await checkQuality(possible, engines, file);
  qualities = checked.qualities;
  say(`ln p of ${checked.tokens} tokens against ${checked.reference}:`);
  for (const [name, quality] of qualities) say(`  ${name}: mean ${quality.mean.toFixed(5)}, ${qualityCell(quality)}`);
}

const rows: SummaryRow[] = [];
const parts = { options, engines, file: join(folder, "workload.json"), say };
for (const { name, sizes } of options.workloads) {
  const workload = makeWorkload(source, sizes, { model, threads, batch: options.batch });
  if (sizes.ends && workload.endTokens.length === 0) {
    say(`${name} is left out: the model has no end tokens that mean anything`);
    continue;
  }
  const measured = await measureWorkload(name, workload, parts);
  const summary = summarize(
    name,
    workload,
    measured.map((engine) => ({ ...engine, quality: qualities.get(engine.name) })),
    config,
    ceilings,
  );
  rows.push(...summary);
  // What was measured so far is not lost with a workload that fails hours later.
  say(summaryTable(summary));
}
const limits = ceilings ? `; ceilings in 10^9 operations/s: ${JSON.stringify(ceilings)}` : "";
console.log(`${options.shape ?? model}, ${threads} threads${limits}`);
console.log(summaryTable(rows));
warnWhenBusy(rows);
const machine = cpus()[0]?.model;
console.log(JSON.stringify({ threads, machine, nodeLlamaCpp: llamaCpp?.version, ceilings, rows }));
