/**
 * The header of a safetensors file: 8 bytes (length of the header, little-endian), a JSON object
 * `{name: {dtype, shape, data_offsets: [begin, end]}}`, then the data the offsets count from.
 * Reads headers only; native code maps the data.
 */
import { parseJsonObject, readBytes, withFile } from "./read-file.js";
import { countElements, expectDisjoint, failCheckpoint, type StoredTensor } from "./stored-tensor.js";

/** Larger headers than this are not headers: the format itself sets this bound. */
const maxHeaderBytes = 100_000_000;

const elementBytes = new Map(
  Object.entries({
    BOOL: 1,
    U8: 1,
    I8: 1,
    F8_E4M3: 1,
    F8_E5M2: 1,
    F8_E8M0: 1,
    U16: 2,
    I16: 2,
    F16: 2,
    BF16: 2,
    U32: 4,
    I32: 4,
    F32: 4,
    U64: 8,
    I64: 8,
    F64: 8,
    C64: 8,
  }),
);

export interface SafetensorsHeader {
  tensors: StoredTensor[];
  /** What the writer noted, such as `format`; nothing of it is needed to read the tensors. */
  metadata: ReadonlyMap<string, string>;
}

/** The tensors of one file. @throws as `readSafetensorsHeader` */
export async function readSafetensors(path: string): Promise<StoredTensor[]> {
  return (await readSafetensorsHeader(path)).tensors;
}

/**
 * Reads the header of one file.
 * @throws ERPRM_INVALID_CHECKPOINT, naming file and tensor, for a header that is cut short or malformed, and for offsets that
 * leave the file, overlap, or do not fit the shape; ERPRM_NOT_FOUND; ERPRM_IO
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  return withFile(path, async (file, fileSize) => {
    const prefix = await readBytes(file, 0, 8);
    if (prefix.length < 8) {
      failCheckpoint(path, `Expected a safetensors file of at least 8 bytes, found ${fileSize}`, {
        foundSize: fileSize,
      });
    }
    // What a clone without Git LFS has in the place of the weights; its first word would read as an absurd length.
    if (prefix.toString("latin1") === "version ") {
      failCheckpoint(
        path,
        "Expected a safetensors file, found a Git LFS pointer: fetch the file itself (git lfs pull)",
      );
    }
    const headerSize = prefix.readBigUInt64LE();
    if (headerSize > maxHeaderBytes) {
      failCheckpoint(path, `Expected a safetensors header of at most ${maxHeaderBytes} bytes, received ${headerSize}`);
    }
    const dataStart = 8 + Number(headerSize);
    if (dataStart > fileSize) {
      failCheckpoint(
        path,
        `Expected a header up to byte ${dataStart}, but the file ends at byte ${fileSize}: it was cut short`,
        {
          expectedSize: dataStart,
          foundSize: fileSize,
        },
      );
    }
    const text = (await readBytes(file, 8, Number(headerSize))).toString("utf8");
    const header = parseJsonObject(path, text, "the safetensors header");
    const tensors = Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(([name, entry]) => storedTensor(path, dataStart, name, entry));
    expectDisjoint(path, fileSize, tensors);
    return { tensors, metadata: notes(header.__metadata__) };
  });
}

/** The format has texts by names here; whatever else stands there says nothing to anybody. */
function notes(metadata: unknown): Map<string, string> {
  if (typeof metadata !== "object" || metadata === null) return new Map();
  return new Map(Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function storedTensor(file: string, dataStart: number, name: string, entry: unknown): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !isIndexList(shape) || !isIndexList(offsets) || offsets.length !== 2) {
    failCheckpoint(
      file,
      `Expected tensor ${name} to have dtype, shape and data_offsets, received ${JSON.stringify(entry)}`,
      {
        tensor: name,
      },
    );
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) {
    failCheckpoint(file, `Expected the data_offsets of tensor ${name} to rise, received [${begin}, ${end}]`, {
      tensor: name,
    });
  }
  const width = elementBytes.get(dtype);
  if (width !== undefined && countElements(shape) * width !== end - begin) {
    failCheckpoint(
      file,
      `Expected tensor ${name} of ${dtype} [${shape.join(", ")}] to take ${countElements(shape) * width} bytes, its data_offsets give ${end - begin}`,
      { tensor: name },
    );
  }
  return { name, type: dtype, shape, file, offset: dataStart + begin, size: end - begin };
}

function isIndexList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
