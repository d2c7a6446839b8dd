/** The numbers of an adapter, into a trainer that has adapters of the same rank on the same layers. */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ioError } from "../data/io-error.js";
import { failCheckpoint, type StoredTensor } from "../model/stored-tensor.js";
import type { NativeAddon, TensorSlot } from "../native/contract.js";
import type { OpenedAdapter } from "./open-adapter.js";
import type { TrainingEngine } from "./trainer.js";

type ReadTensor = NativeAddon["readTensor"];

/**
 * The adapter has been held against base and loss (`expectAdapterFits`). Moments stay at zero.
 * @throws ERPRM_INVALID_CHECKPOINT {tensor} for a number that is not finite; ERPRM_IO, ERPRM_NOT_FOUND; ERPRM_INVALID_ARGUMENT
 *   for a trainer without such adapters. The trainer is of no use then.
 */
export async function loadAdapter(
  { tensors, weightsPath }: OpenedAdapter,
  engine: Pick<TrainingEngine, "readTensors">,
  addon: Pick<NativeAddon, "readTensor">,
): Promise<void> {
  const all = [...tensors];
  const slots = all.map(([name, { offset }]) => slot(name, offset));
  if (all.every(([, { type }]) => type === "F32")) return engine.readTensors(weightsPath, slots);
  await withF32(all, (name, tensor) => floats(name, tensor, addon.readTensor), engine);
}

const slot = (name: string, offset: number): TensorSlot => ({ name, type: "F32", offset, merged: false });

/** A trainer reads f32 alone; what is stored in half the bytes is written out as f32 first, one tensor at a time. */
async function withF32(
  tensors: [string, StoredTensor][],
  read: (name: string, tensor: StoredTensor) => Promise<Float32Array>,
  engine: Pick<TrainingEngine, "readTensors">,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "erprm-adapter-"));
  const path = join(folder, "f32");
  try {
    const slots: TensorSlot[] = [];
    const file = await open(path, "wx");
    try {
      let offset = 0;
      for (const [name, tensor] of tensors) {
        const { buffer, byteOffset, byteLength } = await read(name, tensor);
        await file.writeFile(Buffer.from(buffer, byteOffset, byteLength)).catch((error) => {
          throw ioError(error, path, "write");
        });
        slots.push(slot(name, offset));
        offset += byteLength;
      }
    } finally {
      await file.close();
    }
    await engine.readTensors(path, slots);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function floats(name: string, { file, type, offset, shape }: StoredTensor, read: ReadTensor) {
  const values = await read(file, type as TensorSlot["type"], offset, shape, 0);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    failCheckpoint(file, `Expected tensor ${name} to hold finite numbers, found ${values[wrong]} at index ${wrong}`, {
      tensor: name,
    });
  }
  return values;
}
