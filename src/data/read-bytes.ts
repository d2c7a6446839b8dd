/** The content of a file as bytes, decompressed where its name says that it is compressed. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createDecompressor } from "./compression.js";
import { dataError } from "./data-error.js";
import type { FileType } from "./file-type.js";
import { isSystemError } from "./io-error.js";

const chunkBytes = 1 << 18;

/**
 * @param start bytes of the content that are passed over: of a compressed file they are decompressed all the same
 * @throws ERPRM_INVALID_DATA for a compressed file that is damaged or cut short; what the system says
 */
export async function* readBytes(
  path: string,
  compression: FileType["compression"],
  start = 0,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (compression === "none") {
    yield* createReadStream(path, { start, highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>;
    return;
  }
  let left = start;
  for await (const chunk of decompress(path, compression)) {
    const passed = Math.min(left, chunk.length);
    left -= passed;
    if (passed < chunk.length) yield chunk.subarray(passed);
  }
}

async function* decompress(path: string, compression: "gzip" | "zstd"): AsyncIterable<Uint8Array> {
  const decompressor = await createDecompressor(compression);
  const source = createReadStream(path, { highWaterMark: chunkBytes });
  // The pipeline's promise and the iterator fail with the same error; the iterator's is the one that is thrown.
  const finished = pipeline(source, decompressor).catch(() => undefined);
  try {
    yield* Readable.from(decompressor) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (isSystemError(error)) throw error;
    const name = compression === "gzip" ? "gzip" : "Zstandard";
    throw dataError(
      `Expected a whole ${name} file: ${(error as Error).message}`,
      { file: path, line: 1 },
      undefined,
      error,
    );
  } finally {
    source.destroy();
    decompressor.destroy();
    await finished;
  }
}
