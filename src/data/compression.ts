/**
 * Gzip and Zstandard as streams of bytes. Zstandard is written by node:zlib where this Node has it (22.15 and later), before
 * that by a WebAssembly library. It is always read by a library in JavaScript: the stream of node:zlib (24.21) ends without
 * an error after the first of several frames, and files of several frames are common (parallel compressors, `cat`).
 */
import { Transform, type TransformCallback } from "node:stream";
import zlib from "node:zlib";
import type { FileType } from "./file-type.js";

/** The Zstandard part of node:zlib, which the types of Node 20 do not have. */
interface ZlibWithZstd {
  createZstdCompress?(): Transform;
}

/** A compressed file that was cut short makes the stream fail; it never ends quietly. */
export async function createDecompressor(compression: "gzip" | "zstd"): Promise<Transform> {
  if (compression === "gzip") return zlib.createGunzip();
  return createZstdReader();
}

/** Undefined for "none". */
export async function createCompressor(compression: FileType["compression"]): Promise<Transform | undefined> {
  if (compression === "none") return undefined;
  if (compression === "gzip") return zlib.createGzip();
  return (zlib as ZlibWithZstd).createZstdCompress?.() ?? createZstdWriter();
}

/** Reads all frames. Their checksums are not verified. */
async function createZstdReader(): Promise<Transform> {
  const { Decompress } = await import("fzstd");
  const decompressor = new Decompress();
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      attempt(callback, () => decompressor.push(chunk));
    },
    flush(callback) {
      attempt(callback, () => decompressor.push(new Uint8Array(0), true));
    },
  });
  decompressor.ondata = (bytes) => {
    if (bytes.length > 0) stream.push(Buffer.from(bytes));
  };
  return stream;
}

/** Bytes of one Zstandard frame before compression: large enough that cutting costs no visible size. */
const frameBytes = 1 << 20;

/**
 * For a Node without Zstandard. Writes independent frames, whose concatenation is a Zstandard file: the library's
 * streaming calls share one state in the whole process, so two files written at once would mix.
 */
export async function createZstdWriter(): Promise<Transform> {
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  const zstd = await Zstd.load();
  let parts: Buffer[] = [];
  let length = 0;
  const takeFrame = (): Buffer => {
    const frame = Buffer.from(zstd.compress(Buffer.concat(parts)));
    parts = [];
    length = 0;
    return frame;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      parts.push(chunk);
      length += chunk.length;
      if (length < frameBytes) callback();
      else attempt(callback, () => this.push(takeFrame()));
    },
    flush(callback) {
      if (length === 0) callback();
      else attempt(callback, () => this.push(takeFrame()));
    },
  });
}

function attempt(callback: TransformCallback, action: () => void): void {
  try {
    action();
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  callback();
}
