/** The model of a training case on disk, with the tensors that training adds to it: adapters and the value head. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectedTensors } from "../../src/model/expected-tensors.js";
import { readHfConfig } from "../../src/model/hf-config.js";
import { randomTensor, writeRandomModel } from "./random-model.js";
import { encodeFloats, safetensorsFile } from "./safetensors-file.js";
import type { TrainingCase } from "./training-cases.js";

/** The file beside the weights with the tensors of `addedTensors`. */
export const addedFile = "added.safetensors";

/**
 * Of the random model's matrices. At their full size ten updates of AdamW blow a difference in the last bit of f32 up to 1e-4
 * (an element whose gradient is near zero moves by its sign), in PyTorch itself.
 */
const matrixShare = 0.5;

/** Small beside a weight, or the adapter would drown the layer. */
const adapterShare = 1 / 16;

/** Name -> shape of the tensors that the case trains and its checkpoint does not have. */
export function addedTensors({ model, loss, lora }: TrainingCase): Map<string, number[]> {
  const { config } = readHfConfig("config.json", model.config);
  const shapes = new Map<string, number[]>();
  for (const [name, [outputs = 0, inputs = 0]] of expectedTensors(config)) {
    const layer = name.replace(/\.weight$/, "");
    if (layer === name || !lora?.targets.some((target) => layer.endsWith(`.${target}`))) continue;
    shapes.set(`${layer}.lora_A.weight`, [lora.rank, inputs]);
    shapes.set(`${layer}.lora_B.weight`, [outputs, lora.rank]);
  }
  if (loss === "binary" || loss === "squared") {
    shapes.set("score.weight", [1, config.hiddenSize]);
    shapes.set("score.bias", [1]);
  }
  return shapes;
}

/** Name -> shape of the tensors whose gradients the case wants. */
export function trainedTensors(trainingCase: TrainingCase): Map<string, number[]> {
  const added = addedTensors(trainingCase);
  if (trainingCase.lora) return added;
  const { config } = readHfConfig("config.json", trainingCase.model.config);
  return new Map([...expectedTensors(config), ...added]);
}

/** Writes the checkpoint and `added.safetensors` into `directory`, which is made. */
export async function writeTrainingModel(directory: string, trainingCase: TrainingCase): Promise<void> {
  await writeRandomModel(directory, trainingCase.model, trainingCase.seed, (_, values, shape) => {
    if (shape.length === 2) for (const [i, value] of values.entries()) values[i] = value * matrixShare;
  });
  const tensors = [...addedTensors(trainingCase)].map(([name, shape]) => {
    const values = randomTensor(name, shape, trainingCase.seed);
    const share = name.includes("lora_B") ? adapterShare : 1;
    return {
      name,
      type: "F32",
      shape,
      data: encodeFloats(
        values.map((value) => value * share),
        "F32",
      ),
    };
  });
  await writeFile(join(directory, addedFile), safetensorsFile(tensors));
}
