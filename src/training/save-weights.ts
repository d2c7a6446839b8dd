/** The weights of a trained model as safetensors: one file, or several with an index where they are large. */
import { join } from "node:path";
import { writeSynced } from "../data/staging.js";
import type { TrainerTensor } from "../native/contract.js";
import {
  type StoredType,
  type TensorPlan,
  tensorBytes,
  type WriteInPlace,
  writeSafetensors,
} from "./safetensors-writer.js";

export const defaultShardBytes = 4 * 2 ** 30;

export interface WeightFile {
  name: string;
  tensors: TensorPlan[];
}

/**
 * The parameters of a trainer as they go into files, adapters added in. A file takes tensors up to `maxBytes`; a tensor that
 * is larger has one of its own.
 */
export function planWeights(
  tensors: readonly TrainerTensor[],
  type: StoredType,
  { maxBytes = defaultShardBytes, without = [] }: { maxBytes?: number; without?: readonly string[] } = {},
): WeightFile[] {
  const adapted = new Set(
    tensors.filter(({ kind }) => kind === "adapter").map(({ name }) => name.replace(/\.lora_[AB]\.weight$/, ".weight")),
  );
  const shards: TensorPlan[][] = [[]];
  let bytes = 0;
  for (const { name, shape, kind } of tensors) {
    if (kind !== "parameter" || without.includes(name)) continue;
    const plan: TensorPlan = { name, source: name, shape, type, merged: adapted.has(name) };
    const size = tensorBytes(plan);
    if (bytes > 0 && bytes + size > maxBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(plan);
    bytes += size;
  }
  const number5 = (value: number) => String(value).padStart(5, "0");
  return shards.map((shard, index) => ({
    name:
      shards.length === 1
        ? "model.safetensors"
        : `model-${number5(index + 1)}-of-${number5(shards.length)}.safetensors`,
    tensors: shard,
  }));
}

/** True for names that `writeWeights` may have given, now or in an earlier run. */
export function isWeightFile(name: string): boolean {
  return /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/.test(name);
}

/** Writes the files, and the index where there are several. @throws ERPRM_IO, and what `write` throws */
export async function writeWeights(
  directory: string,
  files: readonly WeightFile[],
  write: WriteInPlace,
): Promise<void> {
  for (const { name, tensors } of files) await writeSafetensors(join(directory, name), tensors, write);
  if (files.length === 1) return;
  const tensors = files.flatMap((file) => file.tensors);
  const index = {
    metadata: { total_size: tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0) },
    weight_map: Object.fromEntries(files.flatMap((file) => file.tensors.map(({ name }) => [name, file.name]))),
  };
  await writeSynced(join(directory, "model.safetensors.index.json"), `${JSON.stringify(index, null, 2)}\n`);
}
