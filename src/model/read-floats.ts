/** The numbers of a small F32 tensor: RoPE divisors are stored as tensors, but belong to the config. */
import { readBytes, withFile } from "./read-file.js";
import { countElements, failCheckpoint, type StoredTensor } from "./stored-tensor.js";

/** @throws ERPRM_INVALID_CHECKPOINT unless the tensor is F32 of this shape with positive numbers */
export async function readFloats(tensor: StoredTensor, shape: readonly number[]): Promise<number[]> {
  const { name, file, offset } = tensor;
  if (tensor.type !== "F32" || tensor.shape.join() !== shape.join()) {
    failCheckpoint(
      file,
      `Expected tensor ${name} to be F32 [${shape.join(", ")}], found ${tensor.type} [${tensor.shape.join(", ")}]`,
      {
        tensor: name,
        expectedShape: shape,
        foundShape: tensor.shape,
      },
    );
  }
  const count = countElements(shape);
  const bytes = await withFile(file, (handle) => readBytes(handle, offset, 4 * count));
  const values = Array.from({ length: count }, (_, index) => bytes.readFloatLE(4 * index));
  const wrong = values.find((value) => !(value > 0 && Number.isFinite(value)));
  if (wrong !== undefined) {
    failCheckpoint(file, `Expected tensor ${name} to hold positive numbers, found ${wrong}`, {
      tensor: name,
      received: wrong,
    });
  }
  return values;
}
