/**
 * A reward model without a model: the real RewardModel, encoder and packing over a native side whose logits are a function
 * of the tokens up to a position, as a causal model's are: not of the batch, nor of what follows.
 */
import { createHash } from "node:crypto";
import type { NativeRewardModel } from "../../src/native/contract.js";
import type { RewardModelConfig, StepTagConvention } from "../../src/reward/convention.js";
import { RewardModel, type RewardModelParts } from "../../src/reward/reward-model.js";
import { makeTextModel } from "./fake-policy.js";

export interface FakeRewardOptions extends Partial<Omit<RewardModelParts, "config">> {
  config?: Partial<RewardModelConfig>;
  /** Outputs of the native side. */
  numOutputs?: number;
  delayMs?: number;
  /** Default: pseudo-random numbers in [-4, 4). */
  logits?: (tokens: Int32Array, output: number) => number;
}

/** Tags are the byte `*`, candidates `+` and `-`. */
export const byteConvention: StepTagConvention = {
  kind: "step-tag",
  prompt: { template: "Q: {question}\nA:" },
  tag: { text: "*", tokenIds: [42] },
  candidates: { positive: { text: "+", tokenIds: [43] }, negative: { text: "-", tokenIds: [45] } },
};

function pseudoRandom(tokens: Int32Array, output: number): number {
  const hash = createHash("sha256")
    .update(`${output} ${tokens.join(" ")}`)
    .digest();
  return hash.readUInt32LE() / 2 ** 29 - 4;
}

export class FakeNativeRewardModel implements NativeRewardModel {
  /** Tokens of each call's sequences. */
  readonly calls: number[][] = [];
  disposals = 0;
  readonly #options: FakeRewardOptions;

  constructor(options: FakeRewardOptions) {
    this.#options = options;
  }

  async score(values: Int32Array, offsets: Int32Array, positions: Int32Array): Promise<Float32Array> {
    const { numOutputs = 2, logits = pseudoRandom, delayMs = 0 } = this.#options;
    this.calls.push(Array.from(offsets.subarray(1), (end, i) => end - (offsets[i] as number)));
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const rows = Array.from(positions, (position) => {
      const sequence = offsets.findIndex((start, i) => start <= position && position < (offsets[i + 1] ?? 0));
      const seen = values.subarray(offsets[sequence], position + 1);
      return Array.from({ length: numOutputs }, (_, output) => logits(seen, output));
    });
    return Float32Array.from(rows.flat());
  }

  async dispose(): Promise<void> {
    this.disposals += 1;
  }
}

export async function makeFakeRewardModel(
  options: FakeRewardOptions = {},
): Promise<{ rewardModel: RewardModel; native: FakeNativeRewardModel }> {
  const native = new FakeNativeRewardModel(options);
  const { config, ...parts } = options;
  const rewardModel = new RewardModel(native, {
    name: "fake",
    text: await makeTextModel(),
    contextLength: 4096,
    fingerprint: "f".repeat(64),
    ...parts,
    config: { version: 1, kind: "process", convention: byteConvention, aggregate: "min", ...config },
  });
  return { rewardModel, native };
}

/** Passes begin, as `calls` shows, and wait until they are let go. */
export function holdPasses(native: FakeNativeRewardModel): () => void {
  const score = native.score.bind(native);
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  native.score = async (...batch) => {
    const scores = await score(...batch);
    await held;
    return scores;
  };
  return () => letGo();
}
