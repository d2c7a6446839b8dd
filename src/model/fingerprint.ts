/**
 * The identity of a model: SHA-256 over its files, each as a name, a size and the content. Directories are not part of it: a
 * model that is moved keeps its fingerprint.
 */
import { createHash } from "node:crypto";
import { ErprmError } from "../errors.js";
import { readBytes, withFile } from "./read-file.js";

const chunkBytes = 4 << 20;

export interface FingerprintFile {
  /** What stands for the file in the hash. */
  name: string;
  path: string;
}

/**
 * 64 hexadecimal digits; the order of `files` does not matter. Reads every byte: about a second a gigabyte.
 * @throws ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_ABORTED
 */
export async function fingerprint(files: readonly FingerprintFile[], signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const inOrder = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, path } of inOrder) {
    await withFile(path, async (file, size) => {
      // The JSON form keeps a name from running into the size that follows it.
      hash.update(`${JSON.stringify([name, size])}\n`);
      let offset = 0;
      let next = readBytes(file, 0, Math.min(chunkBytes, size));
      while (offset < size) {
        const bytes = await next;
        if (signal?.aborted)
          throw new ErprmError("ERPRM_ABORTED", "Aborted while reading the model", {}, signal.reason);
        if (bytes.length === 0) {
          throw new ErprmError(
            "ERPRM_IO",
            `${path} was cut to ${offset} bytes while it was read, ${size} were expected`,
            { path },
          );
        }
        offset += bytes.length;
        // The next chunk is read while this one is hashed.
        next = readBytes(file, offset, Math.max(0, Math.min(chunkBytes, size - offset)));
        hash.update(bytes);
      }
      await next;
    });
  }
  return hash.digest("hex");
}
