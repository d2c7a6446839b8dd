/** `node write-scoring-model.js NAME SEED DIRECTORY`: writes one model for a reference program to load. Prints its candidates. */
import { writeRandomModel } from "./random-model.js";
import { scoringModels } from "./scoring-models.js";

const [name = "", seed, directory] = process.argv.slice(2);
const model = scoringModels[name];
if (!model || !seed || !directory)
  throw new Error(`expected one of ${Object.keys(scoringModels)}, a seed and a directory`);
await writeRandomModel(directory, model, Number(seed));
process.stdout.write(`${JSON.stringify(model.candidates)}\n`);
