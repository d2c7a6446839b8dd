/**
 * What a header says of one tensor, before anybody asks whether the architecture wants it, and the error all readers of
 * headers throw. Types are kept as the file spells them: a tensor that nobody needs may have any type.
 */
import { ErprmError } from "../errors.js";

export interface StoredTensor {
  /** As the file spells it. */
  name: string;
  /** `F32`, `BF16`, `Q4_K`, ... or a type that is not supported. */
  type: string;
  /** Row-major, outermost first. */
  shape: number[];
  /** Path of the file. */
  file: string;
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes; undefined when the size of the type is not known. */
  size: number | undefined;
}

/** Throws ERPRM_INVALID_CHECKPOINT: `FILE: MESSAGE`, details {file, ...details}. */
export function failCheckpoint(
  file: string,
  message: string,
  details: Record<string, unknown> = {},
  cause?: unknown,
): never {
  throw new ErprmError("ERPRM_INVALID_CHECKPOINT", `${file}: ${message}`, { file, ...details }, cause);
}

/** The product of the dimensions: 1 for a scalar. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/**
 * Checks that every tensor lies in its file and that no two share bytes.
 * @throws ERPRM_INVALID_CHECKPOINT, naming the tensor, the file and the byte ranges
 */
export function expectDisjoint(file: string, fileSize: number, tensors: readonly StoredTensor[]): void {
  const inOrder = [...tensors].sort((a, b) => a.offset - b.offset || (a.size ?? 0) - (b.size ?? 0));
  let previous: StoredTensor | undefined;
  for (const tensor of inOrder) {
    const end = tensor.offset + (tensor.size ?? 0);
    if (end > fileSize) {
      failCheckpoint(
        file,
        `Expected tensor ${tensor.name} to end at byte ${end}, but the file ends at byte ${fileSize}: it was cut short`,
        { tensor: tensor.name, expectedSize: end, foundSize: fileSize },
      );
    }
    if (previous && tensor.offset < previous.offset + (previous.size ?? 0)) {
      failCheckpoint(
        file,
        `Expected tensors not to overlap, but ${tensor.name} starts at byte ${tensor.offset}, before ${previous.name} ends at byte ${previous.offset + (previous.size ?? 0)}`,
        { tensor: tensor.name, overlaps: previous.name },
      );
    }
    if (tensor.size !== 0) previous = tensor;
  }
}
