/** Small random models loaded for native scoring, and packed batches for them. */
import type { ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import type { NativeRewardModel, NativeRewardModelOptions } from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";
import { makeFolder } from "./folder.js";
import { type ChangeTensor, writeRandomModel } from "./random-model.js";
import { type ScoringModel, scoringModels } from "./scoring-models.js";

const defaults: NativeRewardModelOptions = {
  weights: "f32",
  threads: 1,
  kvMemoryBytes: 64 << 20,
  candidates: new Int32Array(0),
};

export async function writeScoringModel(
  t: ExecutionContext,
  name: string,
  seed = 11,
  change?: ChangeTensor,
): Promise<string> {
  const directory = makeFolder(t);
  await writeRandomModel(directory, scoringModels[name] as ScoringModel, seed, change);
  return directory;
}

/** Loads the model; it is disposed of when the test ends. */
export async function loadRewardModel(
  t: ExecutionContext,
  directory: string,
  options: Partial<NativeRewardModelOptions> = {},
): Promise<NativeRewardModel> {
  const { checkpoint } = await openModel(directory);
  const rewardModel = await loadNative().loadRewardModel(checkpoint, { ...defaults, ...options });
  t.teardown(() => rewardModel.dispose());
  return rewardModel;
}

export interface WantedScores {
  ids: readonly number[];
  /** Within the sequence, ascending. */
  positions: readonly number[];
}

export type PackedScores = [values: Int32Array, offsets: Int32Array, positions: Int32Array];

export function pack(sequences: readonly WantedScores[]): PackedScores {
  const offsets = [0];
  const positions: number[] = [];
  for (const sequence of sequences) {
    const start = offsets.at(-1) as number;
    positions.push(...sequence.positions.map((position) => start + position));
    offsets.push(start + sequence.ids.length);
  }
  return [Int32Array.from(sequences.flatMap(({ ids }) => ids)), Int32Array.from(offsets), Int32Array.from(positions)];
}

/** Pseudo-random bytes; sequences of one `problem` begin with the same 130 tokens. */
export function makeSequence(problem: number, solution: number, length: number): WantedScores {
  const ids = Array.from(
    { length },
    (_, i) => (problem * 97 + (i < 130 ? 0 : solution * 41) + i * 31 + ((i * i) % 13)) % 256,
  );
  const positions = [0.3, 0.6, 1].map((share) => Math.ceil(share * length) - 1);
  return { ids, positions: [...new Set(positions)] };
}
