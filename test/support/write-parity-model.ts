/** `node write-parity-model.js NAME SEED DIRECTORY`: writes one model for a reference program to load. Prints its context length. */
import { parityModels } from "./parity-models.js";
import { writeRandomModel } from "./random-model.js";

const [name = "", seed, directory] = process.argv.slice(2);
const model = parityModels[name];
if (!model || !seed || !directory)
  throw new Error(`expected one of ${Object.keys(parityModels)}, a seed and a directory`);
await writeRandomModel(directory, model, Number(seed));
process.stdout.write(`${model.contextLength ?? model.config.max_position_embeddings}\n`);
