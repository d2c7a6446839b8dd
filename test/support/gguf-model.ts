/** The small random models as GGUF files, as a converter would write them: GGUF names and keys, interleaved rows for llama. */
import { writeFile } from "node:fs/promises";
import { expectedTensors } from "../../src/model/expected-tensors.js";
import { Fields } from "../../src/model/fields.js";
import { readHfConfig } from "../../src/model/hf-config.js";
import { readHfRope } from "../../src/model/hf-rope.js";
import type { ModelConfig } from "../../src/native/contract.js";
import { byteTokenizerJson } from "./byte-tokenizer.js";
import { type GgufContent, type GgufTensor, ggufFile, type TypedValue } from "./gguf-file.js";
import { type RandomModel, randomTensor } from "./random-model.js";
import { encodeFloats, type FloatType } from "./safetensors-file.js";

const typeIds: Record<FloatType, number> = { F32: 0, F16: 1, BF16: 30 };

const parts: [huggingFace: RegExp, gguf: string][] = [
  [/^model\.embed_tokens\./, "token_embd."],
  [/^model\.norm\./, "output_norm."],
  [/^lm_head\./, "output."],
  [/^model\.layers\./, "blk."],
  [/input_layernorm/, "attn_norm"],
  [/post_attention_layernorm/, "ffn_norm"],
  [/self_attn\.o_proj/, "attn_output"],
  [/self_attn\.([qkv])_(?:proj|(norm))/, "attn_$1_$2"],
  [/attn_([qkv])_\./, "attn_$1."],
  [/mlp\.(\w+)_proj/, "ffn_$1"],
];

/** The numbers of a tensor. */
export type MakeTensor = (name: string, shape: readonly number[], seed: number) => Float32Array;

/** The content of the file; a test may change it before it is written. */
export function ggufModel(
  { config: values, type }: RandomModel,
  seed: number,
  makeTensor: MakeTensor = randomTensor,
): GgufContent {
  const { family, config } = readHfConfig("config.json", values);
  const interleaved = family === "llama" || family === "mistral";
  const tensors: GgufTensor[] = [...expectedTensors(config)].map(([name, shape]) => {
    const numbers = makeTensor(name, shape, seed);
    const heads = !interleaved
      ? 0
      : name.includes("q_proj")
        ? config.numHeads
        : name.includes("k_proj")
          ? config.numKvHeads
          : 0;
    const rows = heads === 0 ? numbers : interleavedRows(numbers, shape, config.headSize);
    // Vectors stay in f32, as converters leave them.
    const stored = shape.length === 1 ? "F32" : type;
    const ggufName = parts.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), name);
    return { name: ggufName, shape, type: typeIds[stored], data: encodeFloats(rows, stored) };
  });
  const rope = ropeContent(family, values, config);
  return {
    metadata: { ...metadata(family, values, config), ...rope.metadata, ...tokenizer(config.vocabularySize) },
    tensors: [...rope.tensors, ...tensors],
  };
}

export async function writeGgufModel(
  path: string,
  model: RandomModel,
  seed: number,
  makeTensor?: MakeTensor,
): Promise<void> {
  await writeFile(path, ggufFile(ggufModel(model, seed, makeTensor)));
}

/** Row i + j*headSize/2 of each head goes to row 2i + j. */
function interleavedRows(numbers: Float32Array, shape: readonly number[], headSize: number): Float32Array {
  const width = shape[1] ?? 1;
  const numRows = shape[0] as number;
  const result = new Float32Array(numbers.length);
  for (let row = 0; row < numRows; row++) {
    const inHead = row % headSize;
    const half = headSize / 2;
    const target = row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
    result.set(numbers.subarray(row * width, (row + 1) * width), target * width);
  }
  return result;
}

function metadata(family: string, values: Record<string, unknown>, config: ModelConfig): Record<string, TypedValue> {
  const own: Record<string, TypedValue> = {
    block_count: ["u32", config.numLayers],
    context_length: ["u32", values.max_position_embeddings],
    embedding_length: ["u32", config.hiddenSize],
    feed_forward_length: ["u32", config.intermediateSize],
    "attention.head_count": ["u32", config.numHeads],
    "attention.head_count_kv": ["u32", config.numKvHeads],
    "attention.key_length": ["u32", config.headSize],
    "attention.value_length": ["u32", config.headSize],
    "attention.layer_norm_rms_epsilon": ["f32", config.normEpsilon],
  };
  if (config.slidingWindow > 0) {
    own["attention.sliding_window"] = ["u32", config.slidingWindow];
    own["attention.sliding_window_pattern"] = [
      "array",
      "bool",
      Array.from(config.slidingLayers, (slides) => slides === 1),
    ];
  }
  return { "general.architecture": ["str", family], ...prefixed(family, own) };
}

/** Scalings by their keys where GGUF has them, otherwise worked out into divisors, as for llama3. */
function ropeContent(family: string, values: Record<string, unknown>, config: ModelConfig) {
  const rope = readHfRope(new Fields("config.json", values), config.headSize, values.max_position_embeddings as number);
  const { theta, scaling } = rope;
  const own: Record<string, TypedValue> = {
    "rope.freq_base": ["f32", theta],
    "rope.dimension_count": ["u32", config.headSize],
  };
  const tensors: GgufTensor[] = [];
  const divisors = (name: string, numbers: readonly number[]) => {
    tensors.push({ name, shape: [numbers.length], type: 0, data: encodeFloats(Float32Array.from(numbers), "F32") });
  };
  if (scaling.type === "linear" || scaling.type === "yarn") {
    own["rope.scaling.type"] = ["str", scaling.type];
    own["rope.scaling.factor"] = ["f32", scaling.factor];
  }
  if (scaling.type === "yarn" || scaling.type === "longrope") {
    own["rope.scaling.original_context_length"] = ["u32", scaling.originalLength];
  }
  if (scaling.type === "longrope") {
    own["rope.scaling.type"] = ["str", "longrope"];
    own["rope.scaling.attn_factor"] = ["f32", scaling.attentionFactor];
    divisors("rope_factors_short.weight", scaling.shortFactors);
    divisors("rope_factors_long.weight", scaling.longFactors);
  }
  if (scaling.type === "llama3") {
    const scaled = Array.from(config.ropeInverseFrequencies);
    divisors(
      "rope_freqs.weight",
      scaled.map((frequency, plane) => theta ** ((-2 * plane) / config.headSize) / frequency),
    );
  }
  return { metadata: prefixed(family, own), tensors };
}

function tokenizer(vocabularySize: number): Record<string, TypedValue> {
  const json = byteTokenizerJson(vocabularySize) as { model: { vocab: object }; added_tokens: { content: string }[] };
  const tokens = [...Object.keys(json.model.vocab), ...json.added_tokens.map(({ content }) => content)];
  return {
    "tokenizer.ggml.model": ["str", "gpt2"],
    "tokenizer.ggml.pre": ["str", "default"],
    "tokenizer.ggml.tokens": ["array", "str", tokens],
    "tokenizer.ggml.token_type": ["array", "i32", tokens.map((_, id) => (id < 256 ? 1 : 3))],
    "tokenizer.ggml.merges": ["array", "str", []],
    "tokenizer.ggml.eos_token_id": ["u32", 256],
  };
}

function prefixed(family: string, own: Record<string, TypedValue>): Record<string, TypedValue> {
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [`${family}.${key}`, value]));
}
