/** Who may ask. Keys are kept as hashes and compared in constant time; none is ever written anywhere. */
import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ErprmError } from "../errors.js";

const wellFormedKey = /^[\x21-\x7e]{16,512}$/;

const hashOf = (key: string) => createHash("sha256").update(key).digest();

export class ApiKeys {
  readonly #hashes: Buffer[] = [];

  /** One key a line; empty lines and those that begin with # are passed over. @throws ERPRM_INVALID_DATA {file, line} */
  add(text: string, file: string): this {
    for (const [i, line] of text.split("\n").entries()) {
      const key = line.trim();
      if (key === "" || key.startsWith("#")) continue;
      if (!wellFormedKey.test(key)) {
        // The message must not show it.
        throw new ErprmError(
          "ERPRM_INVALID_DATA",
          `${file}:${i + 1} Expected an API key of 16 to 512 visible ASCII characters, received ${key.length} characters`,
          { file, line: i + 1 },
        );
      }
      this.#hashes.push(hashOf(key));
    }
    return this;
  }

  get count(): number {
    return this.#hashes.length;
  }

  /** The index of the key; undefined for one that is not known. As long for a wrong key as for a right one. */
  find(presented: string): number | undefined {
    const hash = hashOf(presented);
    let found: number | undefined;
    for (const [i, known] of this.#hashes.entries()) if (timingSafeEqual(hash, known)) found = i;
    return found;
  }
}

/** Keys from a file and from ERPRM_API_KEY. @throws ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_INVALID_DATA */
export async function readApiKeys(file: string | undefined, environment: string | undefined): Promise<ApiKeys> {
  const keys = new ApiKeys();
  if (environment !== undefined) keys.add(environment.replaceAll(",", "\n"), "ERPRM_API_KEY");
  if (file === undefined) return keys;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const what = missing ? `Expected a file of API keys at ${file}, found none` : `Could not read ${file}`;
    throw new ErprmError(missing ? "ERPRM_NOT_FOUND" : "ERPRM_IO", what, { path: file }, error);
  }
  const before = keys.count;
  keys.add(text, file);
  if (keys.count > before) return keys;
  throw new ErprmError("ERPRM_INVALID_DATA", `Expected API keys in ${file}, one a line, found none`, { file });
}
