/**
 * Writes a small random model as a Hugging Face directory. The weights are a function of the seed and the tensors' names, made from
 * integers alone, so that every machine writes the same bytes and only what a reference computed from them need be kept.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectedTensors } from "../../src/model/expected-tensors.js";
import { Fields } from "../../src/model/fields.js";
import { readHfConfig } from "../../src/model/hf-config.js";
import { readValueHead } from "../../src/model/value-head.js";
import { byteTokenizerJson } from "./byte-tokenizer.js";
import { encodeFloats, type FloatType, safetensorsFile } from "./safetensors-file.js";

export interface RandomModel {
  /** config.json. */
  config: Record<string, unknown>;
  type: FloatType;
  /** Number of safetensors files; above 1 there is an index. */
  numFiles: number;
}

/** Changes the values of the tensors it cares for, in place. */
export type ChangeTensor = (name: string, values: Float32Array, shape: readonly number[]) => void;

/** Writes config.json, the weights and a byte-level tokenizer.json into `directory`, which is made. */
export async function writeRandomModel(
  directory: string,
  model: RandomModel,
  seed: number,
  change: ChangeTensor = () => {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { config, head } = readHfConfig("config.json", model.config);
  const valueHead = readValueHead(new Fields("config.json", model.config), head, config.hiddenSize, new Map());
  const tensors = [...expectedTensors(config, valueHead)].map(([name, shape]) => {
    const values = randomTensor(name, shape, seed);
    change(name, values, shape);
    return { name, type: model.type, shape, data: encodeFloats(values, model.type) };
  });
  const write = (name: string, content: string | Buffer) => writeFile(join(directory, name), content);
  await write("config.json", `${JSON.stringify(model.config, null, 2)}\n`);
  await write("tokenizer.json", JSON.stringify(byteTokenizerJson(config.vocabularySize)));
  await write("tokenizer_config.json", JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast" }));
  if (model.numFiles === 1) {
    await write("model.safetensors", safetensorsFile(tensors));
    return;
  }
  const weightMap: Record<string, string> = {};
  for (let file = 0; file < model.numFiles; file++) {
    const name = `model-${number5(file + 1)}-of-${number5(model.numFiles)}.safetensors`;
    const part = tensors.filter((_, index) => index % model.numFiles === file);
    for (const tensor of part) weightMap[tensor.name] = name;
    await write(name, safetensorsFile(part));
  }
  await write("model.safetensors.index.json", JSON.stringify({ metadata: {}, weight_map: weightMap }));
}

/**
 * Uniform values. The ranges give attention that is neither flat nor one-hot, layers that outweigh the embedding (or a tied
 * model would only repeat its last token), and logits a few units apart.
 */
export function randomTensor(name: string, shape: readonly number[], seed: number): Float32Array {
  const uniform = uniformStream(seed, name);
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const [center, range] = distribution(name, shape);
  return Float32Array.from({ length: count }, () => center + range * uniform());
}

function distribution(name: string, shape: readonly number[]): [center: number, range: number] {
  if (name.endsWith("norm.weight")) return [1, 0.25];
  if (name.endsWith(".bias")) return [0, 0.25];
  if (name.includes("embed_tokens")) return [0, 0.75];
  if (name.includes("lm_head")) return [0, 0.75];
  const inputs = shape[1] as number;
  const gain = name.includes("q_proj") || name.includes("k_proj") ? 2 : 3;
  return [0, gain / Math.sqrt(inputs)];
}

/** Values in [-1, 1), 24 bits each, from a 32-bit counter mixed by multiplications and shifts. */
function uniformStream(seed: number, name: string): () => number {
  let state = seed >>> 0;
  for (const character of name) state = Math.imul(state ^ (character.codePointAt(0) as number), 0x01000193) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 8) / 2 ** 23 - 1;
  };
}

function number5(value: number): string {
  return String(value).padStart(5, "0");
}
