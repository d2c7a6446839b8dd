import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** SHA-256 of a file, 64 hexadecimal digits. */
export async function sha256Of(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

/** The digest in the text of a checksum file (`<digest>` or `<digest>  <name>`), or undefined. */
export function parseChecksum(text) {
  return /^\s*([0-9a-f]{64})\b/i.exec(text)?.[1].toLowerCase();
}
