/** SHA-256 of files, streamed. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ioError } from "./io-error.js";

/** 64 hexadecimal digits. @throws ERPRM_NOT_FOUND, ERPRM_IO {path} */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  } catch (error) {
    throw ioError(error, path, "read");
  }
  return hash.digest("hex");
}
