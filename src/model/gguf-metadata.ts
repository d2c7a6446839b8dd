/** The key-value part of a GGUF file: thirteen value types, arrays of any of them, arrays of arrays. */
import type { GgufCursor } from "./gguf-cursor.js";
import { failCheckpoint } from "./stored-tensor.js";

/** 64-bit integers are numbers where a double holds them exactly, otherwise bigints. */
export type GgufValue = number | bigint | boolean | string | GgufValue[];
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

interface ValueType {
  /** The fewest bytes a value can take. */
  bytes: number;
  read: (cursor: GgufCursor, what: string) => GgufValue;
}

const stringType = 8;
const arrayType = 9;
/** Nothing writes deeper arrays; the bound keeps a damaged file from exhausting the stack. */
const maxDepth = 8;

const valueTypes: Record<number, ValueType> = {
  0: { bytes: 1, read: (cursor, what) => cursor.uint8(what) },
  1: { bytes: 1, read: (cursor, what) => cursor.int8(what) },
  2: { bytes: 2, read: (cursor, what) => cursor.uint16(what) },
  3: { bytes: 2, read: (cursor, what) => cursor.int16(what) },
  4: { bytes: 4, read: (cursor, what) => cursor.uint32(what) },
  5: { bytes: 4, read: (cursor, what) => cursor.int32(what) },
  6: { bytes: 4, read: (cursor, what) => cursor.float32(what) },
  7: { bytes: 1, read: (cursor, what) => cursor.uint8(what) !== 0 },
  [stringType]: { bytes: 8, read: (cursor, what) => cursor.string(what) },
  10: { bytes: 8, read: (cursor, what) => shortest(cursor.uint64(what)) },
  11: { bytes: 8, read: (cursor, what) => shortest(cursor.int64(what)) },
  12: { bytes: 8, read: (cursor, what) => cursor.float64(what) },
};

/** Reads `numPairs` keys and values. @throws ERPRM_INVALID_CHECKPOINT, naming the key */
export function readGgufMetadata(cursor: GgufCursor, numPairs: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < numPairs; index++) {
    const key = cursor.string(`metadata key ${index + 1} of ${numPairs}`);
    if (metadata.has(key))
      failCheckpoint(cursor.file, `Expected metadata key ${key} once, found it twice`, { field: key });
    metadata.set(key, readValue(cursor, cursor.uint32(`type of ${key}`), key, 0));
  }
  return metadata;
}

function readValue(cursor: GgufCursor, type: number, key: string, depth: number): GgufValue {
  if (type === arrayType && depth < maxDepth) return readArray(cursor, key, depth);
  return scalarType(cursor, type, key).read(cursor, key);
}

function readArray(cursor: GgufCursor, key: string, depth: number): GgufValue[] {
  const type = cursor.uint32(`element type of ${key}`);
  const isNested = type === arrayType && depth + 1 < maxDepth;
  const count = cursor.count(`number of elements of ${key}`, isNested ? 12 : scalarType(cursor, type, key).bytes);
  const values = new Array<GgufValue>(count);
  if (isNested) {
    for (let index = 0; index < count; index++) values[index] = readArray(cursor, key, depth + 1);
  } else {
    const { read } = scalarType(cursor, type, key);
    for (let index = 0; index < count; index++) values[index] = read(cursor, key);
  }
  return values;
}

function scalarType(cursor: GgufCursor, type: number, key: string): ValueType {
  const found = valueTypes[type];
  if (!found) {
    failCheckpoint(
      cursor.file,
      `Expected a GGUF value type from 0 to 12 for ${key}, received ${type} before byte ${cursor.offset}`,
      {
        field: key,
      },
    );
  }
  return found;
}

function shortest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
