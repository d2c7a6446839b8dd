/** Where a line of a file begins, without reading its lines into memory. */
import { createReadStream } from "node:fs";
import { ErprmError } from "../errors.js";
import { ioError } from "./io-error.js";

const newline = 0x0a;

/**
 * Bytes of the first `numLines` lines of the file, line ends included; a file that does not exist has no lines.
 * @throws ERPRM_INVALID_DATA {file, expected, received} when it has fewer whole lines; ERPRM_IO
 */
export async function bytesOfLines(path: string, numLines: number): Promise<number> {
  if (numLines === 0) return 0;
  let [found, offset] = [0, 0];
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
      const bytes = chunk as Buffer;
      for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) {
        found += 1;
        if (found === numLines) return offset + at + 1;
      }
      offset += bytes.length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw ioError(error, path, "read");
  }
  const message = `Expected at least ${numLines} records in ${path}, found ${found}: it was changed since it was written; start over with --force`;
  throw new ErprmError("ERPRM_INVALID_DATA", message, { file: path, expected: numLines, received: found });
}
