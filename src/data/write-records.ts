/**
 * Records into any supported file, whole or not at all.
 */
import type { FileHandle } from "node:fs/promises";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { replaceFile, writeFully } from "./atomic-file.js";
import { createCompressor } from "./compression.js";
import { fileTypeOf } from "./file-type.js";
import { writeParquet } from "./parquet-write.js";

/** Bytes gathered before a write. */
const batchBytes = 1 << 18;

/**
 * Writes the records in order to a .jsonl, .json (array), .jsonl.gz, .jsonl.zst or .parquet file and returns how many they were.
 * The file is written under another name in the same directory, synced and renamed: `path` never holds half a file.
 * @throws ERPRM_INVALID_ARGUMENT (file name), ERPRM_IO {path}, ERPRM_INVALID_DATA (a record that Parquet cannot hold).
 */
export async function writeRecords(
  path: string,
  records: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<{ numRecords: number }> {
  const type = fileTypeOf(path);
  let numRecords = 0;
  async function* counted(): AsyncIterable<unknown> {
    for await (const record of records) {
      numRecords += 1;
      yield record;
    }
  }
  await replaceFile(path, async (handle) => {
    if (type.layout === "parquet") {
      await writeParquet(path, handle, counted());
      return;
    }
    const chunks = gather(type.layout === "json" ? arrayText(counted()) : linesText(counted()));
    const compressor = await createCompressor(type.compression);
    const sink = writableOf(handle);
    if (compressor) await pipeline(Readable.from(chunks), compressor, sink);
    else await pipeline(Readable.from(chunks), sink);
  });
  return { numRecords };
}

async function* linesText(records: AsyncIterable<unknown>): AsyncIterable<string> {
  for await (const record of records) yield `${JSON.stringify(record)}\n`;
}

/** One record a line, so that the array can be looked at and compared as lines too. */
async function* arrayText(records: AsyncIterable<unknown>): AsyncIterable<string> {
  let opening = "[\n";
  for await (const record of records) {
    yield `${opening}${JSON.stringify(record)}`;
    opening = ",\n";
  }
  yield opening === "[\n" ? "[]\n" : "\n]\n";
}

async function* gather(texts: AsyncIterable<string>): AsyncIterable<Buffer> {
  let parts: string[] = [];
  let length = 0;
  for await (const text of texts) {
    parts.push(text);
    length += text.length;
    if (length >= batchBytes) {
      yield Buffer.from(parts.join(""));
      parts = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.from(parts.join(""));
}

function writableOf(handle: FileHandle): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      writeFully(handle, chunk).then(() => callback(), callback);
    },
  });
}
