/**
 * A training without a run directory, as a process that may be one of several: what every rank ends with can be looked at.
 * Arguments: the model, the kind of loss (policy or prm), the rank of adapters (0: none), a file for the trained tensors.
 */
import { createHash } from "node:crypto";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { loadNative } from "../../src/native/loader.js";
import { trainStage } from "../../src/stages/train.js";
import { RankGroup } from "../../src/training/distributed/rank-group.js";
import { rankPlace } from "../../src/training/distributed/rank-place.js";
import type { TrainingExample } from "../../src/training/example.js";
import type { ExampleStore } from "../../src/training/example-store.js";
import { Trainer } from "../../src/training/trainer.js";
import { policyExamples, rewardExamples } from "./training-examples.js";

const [model = "", kind, loraRank, file = ""] = process.argv.slice(2);
const isPolicy = kind === "policy";
const shape = { numProblems: 40, solutionsPerProblem: 3 };
const store: ExampleStore<TrainingExample> = isPolicy ? policyExamples(shape) : rewardExamples(shape);
const loss = isPolicy ? "next-token" : "two-way";
const tokensPerUpdate = Math.round(store.numTokens / 4);
const place = rankPlace(process.env);
const group = place && (await RankGroup.join(loadNative(), place, 60, undefined));
const trainer = await Trainer.create(model, {
  loss,
  candidates: { positive: 43, negative: 45 },
  threads: 1,
  ...(loraRank !== "0" && { lora: { rank: Number(loraRank) } }),
});
const records = [];
for await (const record of trainStage(store, {
  trainer,
  loss,
  schedule: { shape: "constant", peak: 1e-3 },
  tokensPerUpdate,
  // Five or six micro-batches: no number of ranks divides them evenly.
  tokensPerBatch: Math.round(tokensPerUpdate / 5),
  epochs: 3,
  maxUpdates: 10,
  ranks: group?.ranksOf(trainer),
})) {
  records.push(record);
}
await group?.exchangeValues("done");
await group?.close();

let size = 0;
const slots = trainer.tensors().flatMap(({ name, shape, kind: of, trained }) => {
  if (!trained && of !== "moment") return [];
  const offset = size;
  size += 4 * shape.reduce((product, dimension) => product * dimension, 1);
  return { name, type: "F32" as const, offset, merged: false };
});
writeFileSync(file, "");
truncateSync(file, size);
await trainer.writeTensors(file, slots);
const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
process.stdout.write(JSON.stringify({ digest, records }));
process.exit(0);
