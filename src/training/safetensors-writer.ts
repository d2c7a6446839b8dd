/**
 * Writes safetensors files whose numbers native code holds: the header is made here, the numbers are written in place.
 * The form is the one `src/model/safetensors.ts` reads: 8 bytes (length of the header), JSON, data.
 */
import { open } from "node:fs/promises";
import { isPlainError } from "../data/atomic-file.js";
import { ioError } from "../data/io-error.js";
import type { TensorSlot } from "../native/contract.js";

export type StoredType = TensorSlot["type"];

/** One tensor of a file that is to be written. */
export interface TensorPlan {
  /** Its name in the file. */
  name: string;
  /** Its name in the trainer. */
  source: string;
  shape: readonly number[];
  type: StoredType;
  /** The weight with its adapter added in. */
  merged: boolean;
}

export type WriteInPlace = (path: string, slots: TensorSlot[]) => Promise<void>;

const elementBytes: Record<StoredType, number> = { F32: 4, BF16: 2, F16: 2 };

export function tensorBytes({ shape, type }: Pick<TensorPlan, "shape" | "type">): number {
  return shape.reduce((product, dimension) => product * dimension, elementBytes[type]);
}

export interface SafetensorsLayout {
  /** Length, JSON, and spaces that bring the data to a multiple of 8 bytes. */
  header: Buffer;
  slots: TensorSlot[];
  fileBytes: number;
}

/** Where every tensor lies, in the order of `tensors`. `metadata` is kept under `__metadata__`. */
export function layOut(tensors: readonly TensorPlan[], metadata: Record<string, string>): SafetensorsLayout {
  const entries: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  const begins = tensors.map((tensor) => {
    const begin = end;
    end += tensorBytes(tensor);
    entries[tensor.name] = { dtype: tensor.type, shape: tensor.shape, data_offsets: [begin, end] };
    return begin;
  });
  const json = Buffer.from(JSON.stringify(entries));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  const slots = tensors.map(({ source, type, merged }, index) => ({
    name: source,
    type,
    offset: header.length + (begins[index] as number),
    merged,
  }));
  return { header, slots, fileBytes: header.length + end };
}

/**
 * Creates the file and has `write` fill in the numbers; what was written is on the disk when this resolves.
 * The caller sees to it that nobody takes the file for a whole one before that.
 * @throws ERPRM_IO {path} (a full disk; the file exists already), and what `write` throws
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorPlan[],
  write: WriteInPlace,
  metadata: Record<string, string> = { format: "pt" },
): Promise<number> {
  const { header, slots, fileBytes } = layOut(tensors, metadata);
  try {
    const handle = await open(path, "wx+");
    try {
      await handle.writeFile(header);
      await handle.truncate(fileBytes);
      await write(path, slots);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw isPlainError(error) ? error : ioError(error, path, "write");
  }
  return fileBytes;
}
