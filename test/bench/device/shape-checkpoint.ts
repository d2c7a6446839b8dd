/**
 * Models of a real model's shape with random weights, for benchmarks on a card. All matrices lie at the same bytes of one file (the
 * device holds a copy for each of them all the same), so that 8 billion parameters take a gigabyte and seconds to write.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expectedTensors } from "../../../src/model/expected-tensors.js";
import { readHfConfig } from "../../../src/model/hf-config.js";
import type { Checkpoint } from "../../../src/native/contract.js";
import { randomNumbers } from "../../support/random-numbers.js";

const llama = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  rms_norm_eps: 1e-5,
  hidden_act: "silu",
  bos_token_id: 1,
  eos_token_id: 2,
};

export const deviceShapes = {
  "llama-3.1-8b": {
    ...llama,
    vocab_size: 128256,
    hidden_size: 4096,
    intermediate_size: 14336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 4096,
    rope_theta: 500000,
    tie_word_embeddings: false,
  },
  "smollm2-1.7b": {
    ...llama,
    vocab_size: 49152,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 24,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 4096,
    rope_theta: 130000,
    tie_word_embeddings: true,
  },
  toy: {
    ...llama,
    vocab_size: 512,
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 256,
    rope_theta: 10000,
    tie_word_embeddings: true,
  },
} as const;
export type DeviceShape = keyof typeof deviceShapes;

const bytesOfBf16 = 2;
const chunkNumbers = 1 << 22;

/** The upper 16 bits of the f32. */
function bf16(value: number): number {
  return (new Uint32Array(Float32Array.of(value).buffer)[0] as number) >>> 16;
}

/** Ones, then uniform numbers of standard deviation 0.02; those repeat after 8 MiB. */
function writeNumbers(file: string, ones: number, random: number): void {
  const descriptor = openSync(file, "w");
  writeSync(descriptor, new Uint16Array(ones).fill(bf16(1)));
  const next = randomNumbers(1);
  const chunk = Uint16Array.from({ length: Math.min(random, chunkNumbers) }, () =>
    bf16(0.02 * Math.sqrt(3) * (2 * next() - 1)),
  );
  for (let written = 0; written < random; written += chunk.length) {
    writeSync(descriptor, chunk.subarray(0, Math.min(chunk.length, random - written)));
  }
  closeSync(descriptor);
}

export interface ShapeCheckpoint {
  checkpoint: Checkpoint;
  /** Of the matrices that every token is multiplied by: all but the embedding, where that is not the head too. */
  multiplied: number;
  parameters: number;
}

/** Writes the weights into `folder`. */
export function makeShapeCheckpoint(folder: string, shape: DeviceShape): ShapeCheckpoint {
  const { config } = readHfConfig("config.json", deviceShapes[shape]);
  const file = join(folder, `${shape}.bf16`);
  const tensors = [...expectedTensors(config)].map(([name, sizes]) => ({
    name,
    sizes,
    count: sizes.reduce((product, size) => product * size, 1),
  }));
  const largest = Math.max(...tensors.map(({ count }) => count));
  writeNumbers(file, config.hiddenSize, largest);
  const parameters = tensors.reduce((sum, { count }) => sum + count, 0);
  const embedding = config.vocabularySize * config.hiddenSize;
  return {
    checkpoint: {
      config,
      files: [file],
      tensors: tensors.map(({ name, sizes }) => ({
        name,
        type: "BF16",
        shape: sizes,
        file: 0,
        offset: sizes.length === 1 ? 0 : config.hiddenSize * bytesOfBf16,
        interleavedHeads: 0,
      })),
      valueHead: [],
    },
    parameters,
    multiplied: config.tiedEmbeddings ? parameters : parameters - embedding,
  };
}
