/** The small trainings that are compared with PyTorch: models, losses, adapters, batches and settings of their updates. */
import type { LossName, NativeTrainingBatch, NativeUpdateOptions } from "../../src/native/contract.js";
import type { RandomModel } from "./random-model.js";
import { randomNumbers } from "./random-numbers.js";

export interface TrainingCase {
  model: RandomModel;
  /**
   * Of the weights and of the batches. Chosen so that PyTorch's own float32, also when the weights are moved by their last bit,
   * stays within 4e-6 of float64: AdamW moves an element whose gradient is near zero by its sign, which rounding decides.
   */
  seed: number;
  loss: LossName;
  /** [positive, negative] for `two-way`, else empty. */
  candidates: number[];
  lora?: { rank: number; alpha: number; targets: string[] };
  /** One an update. */
  learningRates: number[];
  /** Every update's, but for its index and learning rate. */
  update: Omit<NativeUpdateOptions, "updateIndex" | "learningRate">;
  /** Tokens of the longest sequence. */
  longest: number;
  /**
   * Of matrices (gradients and weights) the reference keeps elements 0, stride, 2 stride, ... in row-major order; vectors are
   * whole. A prime that divides no dimension: every column is met.
   */
  stride: number;
}

const endToken = 1;

// Widths that no vector length divides: 48 columns, 80 in the feed-forward; the heads together are wider than the model.
const common = {
  vocab_size: 72,
  hidden_size: 48,
  intermediate_size: 80,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  hidden_act: "silu",
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: endToken,
};

const plain = (config: Record<string, unknown>): RandomModel => ({ config, type: "F32", numFiles: 1 });
const llama = plain({ ...common, model_type: "llama", architectures: ["LlamaForCausalLM"] });
const untiedLlama = plain({ ...llama.config, tie_word_embeddings: false });
// Qwen2 has no width of its own for heads.
const { head_dim: _, ...withoutHeadSize } = { ...common, hidden_size: 64 };
const qwen2 = plain({ ...withoutHeadSize, model_type: "qwen2", architectures: ["Qwen2ForCausalLM"] });
const qwen3 = plain({
  ...common,
  model_type: "qwen3",
  architectures: ["Qwen3ForCausalLM"],
  tie_word_embeddings: false,
});
const mistral = plain({
  ...common,
  model_type: "mistral",
  architectures: ["MistralForCausalLM"],
  tie_word_embeddings: false,
  sliding_window: 9,
});
// Larger than what kernels take at once, and again no multiple of it: 400 terms in a sum, 600 and 1000 columns, several hundred
// rows and positions, heads of 48.
const wide = plain({
  ...llama.config,
  vocab_size: 1000,
  hidden_size: 400,
  intermediate_size: 600,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  head_dim: 48,
});

const warmUpThenDown = [5e-4, 1e-3, 1.5e-3, 2e-3, 1.9e-3, 1.6e-3, 1.2e-3, 8e-4, 4e-4, 1e-4];
const constant = Array.from({ length: 10 }, () => 1e-3);
const everyLayer = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

const unclipped = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maxGradientNorm: 0 };
const clipped = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradientNorm: 1 };

const base = { candidates: [], learningRates: constant, update: unclipped, longest: 40, stride: 7 };
const scheduled = { ...base, learningRates: warmUpThenDown, update: clipped };

export const trainingCases: Record<string, TrainingCase> = {
  "llama-next-token": { ...scheduled, model: llama, seed: 5, loss: "next-token", stride: 1 },
  "llama-two-way": { ...scheduled, model: llama, seed: 1, loss: "two-way", candidates: [5, 9] },
  "llama-binary": { ...base, model: llama, seed: 1, loss: "binary" },
  "llama-squared": {
    ...scheduled,
    model: llama,
    seed: 2,
    loss: "squared",
    update: { ...clipped, maxGradientNorm: 0.1 },
  },
  "qwen2-next-token": { ...base, model: qwen2, seed: 1, loss: "next-token" },
  "qwen3-next-token": { ...scheduled, model: qwen3, seed: 4, loss: "next-token" },
  "mistral-sliding-next-token": { ...base, model: mistral, seed: 3, loss: "next-token" },
  "wide-next-token": {
    ...base,
    model: wide,
    seed: 2,
    loss: "next-token",
    learningRates: [1e-3, 1e-3, 5e-4],
    // Among two million elements some gradients are always lost in rounding; a larger epsilon keeps their sign out of the weights.
    update: { ...unclipped, epsilon: 1e-4 },
    longest: 300,
    stride: 211,
  },
  "lora-next-token": {
    ...scheduled,
    model: llama,
    seed: 2,
    loss: "next-token",
    lora: { rank: 4, alpha: 8, targets: everyLayer },
  },
  "lora-two-way": {
    ...base,
    model: untiedLlama,
    seed: 1,
    loss: "two-way",
    candidates: [60, 2],
    lora: { rank: 3, alpha: 6, targets: ["q_proj", "v_proj", "down_proj"] },
  },
  "lora-binary": {
    ...base,
    model: qwen2,
    seed: 1,
    loss: "binary",
    lora: { rank: 2, alpha: 1, targets: ["k_proj", "o_proj", "up_proj"] },
  },
};

/** The batches of a case, one an update: 3 to 5 sequences of 1 to `longest` tokens. All numbers are exact in f32 and in decimal. */
export function trainingBatches({ model, seed, loss, longest, learningRates }: TrainingCase): NativeTrainingBatch[] {
  const random = randomNumbers(seed * 7919);
  const draw: Draw = {
    loss,
    vocabularySize: Number(model.config.vocab_size),
    below: (limit) => Math.floor(random() * limit),
  };
  return learningRates.map((_, update) => {
    // The shortest and the longest there are come in the first update, whose gradients are compared.
    const lengths =
      update === 0 ? [1, longest, 7, 23] : Array.from({ length: 3 + draw.below(3) }, () => 1 + draw.below(longest));
    return drawBatch(lengths, draw);
  });
}

interface Draw {
  loss: LossName;
  vocabularySize: number;
  /** An integer in [0, limit). */
  below(limit: number): number;
}

function drawBatch(lengths: number[], { loss, vocabularySize, below }: Draw): NativeTrainingBatch {
  const values: number[] = [];
  const offsets = [0];
  const positions: number[] = [];
  const tokens: number[] = [];
  const labels: number[] = [];
  const weights: number[] = [];
  for (const [sequence, length] of lengths.entries()) {
    const start = values.length;
    for (let i = 0; i < length; i++) values.push(below(vocabularySize));
    offsets.push(values.length);
    for (let i = 0; i < length; i++) {
      const isTrained = loss === "next-token" ? below(10) < 7 : below(10) < 3;
      if (!isTrained && !(sequence === 0 && i === 0)) continue;
      positions.push(start + i);
      // Some positions have no weight at all: their loss is reported and teaches nothing.
      weights.push(below(16) === 0 ? 0 : (4 + below(28)) / (loss === "next-token" ? 1024 : 256));
      if (loss === "next-token") tokens.push(i + 1 < length ? (values[start + i + 1] as number) : endToken);
      else labels.push((1 + below(63)) / 64);
    }
  }
  return {
    values: Int32Array.from(values),
    offsets: Int32Array.from(offsets),
    positions: Int32Array.from(positions),
    tokens: Int32Array.from(tokens),
    labels: Float32Array.from(labels),
    weights: Float32Array.from(weights),
  };
}
