/** `node write-training-case.js NAME DIRECTORY`: writes the model of a case and case.json for a reference program to train. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { trainingBatches, trainingCases } from "./training-cases.js";
import { writeTrainingModel } from "./training-model.js";

const [name = "", directory] = process.argv.slice(2);
const trainingCase = trainingCases[name];
if (!trainingCase || !directory) throw new Error(`expected one of ${Object.keys(trainingCases)} and a directory`);
await writeTrainingModel(directory, trainingCase);
const batches = trainingBatches(trainingCase).map((batch) =>
  Object.fromEntries(Object.entries(batch).map(([field, values]) => [field, Array.from(values as ArrayLike<number>)])),
);
const { model: _, ...settings } = trainingCase;
writeFileSync(join(directory, "case.json"), JSON.stringify({ ...settings, batches }));
