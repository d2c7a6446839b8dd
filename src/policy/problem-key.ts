/** The 64-bit name of a problem in the random streams. */
import { createHash } from "node:crypto";

/** The first 8 bytes of SHA-256 of the id's UTF-8, little-endian: draws do not depend on a problem's place in its file. */
export function problemKeyOf(problemId: string): bigint {
  return createHash("sha256").update(problemId, "utf8").digest().readBigUInt64LE(0);
}
