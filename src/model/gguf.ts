/**
 * The header of a GGUF file, versions 2 and 3, little-endian: magic, version, counts, metadata, tensor table; then, aligned,
 * the data. Reads headers only; native code maps the data.
 */
import { GgufCursor, NeedMoreBytes } from "./gguf-cursor.js";
import { type GgufMetadata, readGgufMetadata } from "./gguf-metadata.js";
import { ggufBlockType } from "./gguf-types.js";
import { readBytes, withFile } from "./read-file.js";
import { countElements, expectDisjoint, failCheckpoint, type StoredTensor } from "./stored-tensor.js";

export interface GgufFile {
  metadata: GgufMetadata;
  /** GGUF names; shapes outermost first. */
  tensors: StoredTensor[];
}

const magic = 0x46554747;
/** Holds the metadata of most models in one read. */
const firstReadBytes = 8 << 20;
const maxDimensions = 4;

/**
 * Reads the header of a GGUF file.
 * @throws ERPRM_INVALID_CHECKPOINT, saying what was expected where, for a file that is cut short anywhere, malformed, split into
 * several files, or of another version; ERPRM_NOT_FOUND; ERPRM_IO
 */
export async function readGguf(path: string): Promise<GgufFile> {
  return withFile(path, async (file, fileSize) => {
    let length = Math.min(firstReadBytes, fileSize);
    for (;;) {
      const cursor = new GgufCursor(path, await readBytes(file, 0, length), fileSize);
      try {
        return parseGguf(cursor);
      } catch (error) {
        if (!(error instanceof NeedMoreBytes)) throw error;
        length = Math.min(Math.max(2 * length, error.bytes), fileSize);
      }
    }
  });
}

function parseGguf(cursor: GgufCursor): GgufFile {
  const { file } = cursor;
  if (cursor.uint32("GGUF magic") !== magic)
    failCheckpoint(file, "Expected a GGUF file: it does not start with 'GGUF'");
  const version = cursor.uint32("GGUF version");
  if (version !== 2 && version !== 3) {
    const shown = version > 0xffff ? "one in big-endian order" : String(version);
    failCheckpoint(file, `Expected GGUF version 2 or 3 in little-endian order, received ${shown}`, {
      received: version,
    });
  }
  const numTensors = cursor.count("number of tensors", 24);
  const numPairs = cursor.count("number of metadata pairs", 13);
  const metadata = readGgufMetadata(cursor, numPairs);
  const numFiles = metadata.get("split.count");
  if (typeof numFiles === "number" && numFiles > 1) {
    failCheckpoint(
      file,
      `Expected a whole GGUF file, received one of ${numFiles} parts: merge them first (llama-gguf-split --merge)`,
      {
        field: "split.count",
      },
    );
  }
  const alignment = metadata.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || !Number.isInteger(alignment) || alignment < 8 || alignment % 8 !== 0) {
    failCheckpoint(file, `Expected general.alignment to be a positive multiple of 8, received ${alignment}`, {
      field: "general.alignment",
    });
  }
  const tensors = readTensorTable(cursor, numTensors, alignment);
  const dataStart = Math.ceil(cursor.offset / alignment) * alignment;
  for (const tensor of tensors) tensor.offset += dataStart;
  expectDisjoint(file, cursor.fileSize, tensors);
  return { metadata, tensors };
}

/** Offsets count from the start of the data. */
function readTensorTable(cursor: GgufCursor, numTensors: number, alignment: number): StoredTensor[] {
  const { file } = cursor;
  const names = new Set<string>();
  return Array.from({ length: numTensors }, (_, index) => {
    const name = cursor.string(`name of tensor ${index + 1} of ${numTensors}`);
    if (names.has(name)) failCheckpoint(file, `Expected tensor ${name} once, found it twice`, { tensor: name });
    names.add(name);
    const numDimensions = cursor.uint32(`number of dimensions of ${name}`);
    if (numDimensions > maxDimensions) {
      failCheckpoint(
        file,
        `Expected tensor ${name} to have at most ${maxDimensions} dimensions, received ${numDimensions}`,
        {
          tensor: name,
        },
      );
    }
    const innermostFirst = Array.from({ length: numDimensions }, () => Number(cursor.uint64(`shape of ${name}`)));
    const shape = innermostFirst.reverse();
    const typeId = cursor.uint32(`type of ${name}`);
    const offset = Number(cursor.uint64(`offset of ${name}`));
    if (offset % alignment !== 0 || !Number.isSafeInteger(offset)) {
      failCheckpoint(
        file,
        `Expected the offset of tensor ${name} to be a multiple of ${alignment}, received ${offset}`,
        {
          tensor: name,
        },
      );
    }
    const type = ggufBlockType(typeId);
    const size = type && (countElements(shape) / type.values) * type.bytes;
    if (type && ((shape.at(-1) ?? 1) % type.values !== 0 || !Number.isSafeInteger(size))) {
      failCheckpoint(
        file,
        `Expected rows of tensor ${name} to be whole blocks of ${type.values} (${type.name}), received [${shape.join(", ")}]`,
        {
          tensor: name,
          foundShape: shape,
        },
      );
    }
    return { name, type: type?.name ?? `GGUF type ${typeId}`, shape, file, offset, size };
  });
}
