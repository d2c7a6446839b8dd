/**
 * The keys of a large file's records beside it, so that whoever goes on with the file need not read it all: 16 bytes a record in
 * `FILE.keys`, and `FILE.checkpoint.json`, which says how far both files belong together. It is only a short cut: where it does not fit
 * the file it is not used, and it may be removed at any time.
 */
import { readFile } from "node:fs/promises";
import { ErprmError } from "../errors.js";
import { replaceFile } from "./atomic-file.js";
import { CutFile, type CutPlace } from "./cut-file.js";
import { ioError } from "./io-error.js";
import { KeyDigest, keyWidth } from "./key-digest.js";
import type { KeySet } from "./key-set.js";

interface Checkpoint {
  records: CutPlace;
  keys: CutPlace;
}

/** The files beside `path`: for whoever completes it, or begins it anew, to remove. */
export function keyLogFiles(path: string): string[] {
  return [`${path}.keys`, `${path}.checkpoint.json`];
}

export class KeyLog {
  readonly #path: string;
  readonly #digest = new KeyDigest();
  #file: CutFile | undefined;
  /** Bytes of the records that the checkpoint knows. */
  #size = 0;
  /** Keys behind the checkpoint. */
  #newKeys = new Uint32Array(1024 * keyWidth);
  #numNewKeys = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes of records that the checkpoint knows. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds the keys that are known.
   * @param placeOf what the file of records is up to so many bytes; undefined where it is shorter
   * @returns bytes of the records they belong to; 0 where nothing fits
   */
  async restore(keys: KeySet, placeOf: (size: number) => Promise<CutPlace | undefined>): Promise<number> {
    const checkpoint = await this.#read();
    if (checkpoint === undefined) return 0;
    const { records } = checkpoint;
    if ((await placeOf(records.size))?.tail !== records.tail) return 0;
    try {
      this.#file = await CutFile.open(`${this.#path}.keys`, checkpoint.keys);
    } catch (error) {
      if (error instanceof ErprmError && error.code === "ERPRM_INVALID_DATA") return 0;
      throw error;
    }
    const words = new Uint32Array((await this.#file.read(0)).buffer);
    for (let at = 0; at < words.length; at += keyWidth) keys.addWords(words, at);
    this.#size = records.size;
    return this.#size;
  }

  /** The next record's key. */
  add(key: string): void {
    const place = this.#numNewKeys * keyWidth;
    if (place === this.#newKeys.length) {
      const larger = new Uint32Array(2 * place);
      larger.set(this.#newKeys);
      this.#newKeys = larger;
    }
    this.#digest.write(key, 0, this.#newKeys, place);
    this.#numNewKeys += 1;
  }

  /** Everything that was added belongs to the records up to `place`, which are on the disk. @throws ERPRM_IO */
  async checkpoint(place: CutPlace): Promise<void> {
    this.#file ??= await CutFile.open(`${this.#path}.keys`);
    const { buffer } = this.#newKeys;
    await this.#file.append(new Uint8Array(buffer, 0, this.#numNewKeys * keyWidth * Uint32Array.BYTES_PER_ELEMENT));
    this.#newKeys = new Uint32Array(1024 * keyWidth);
    this.#numNewKeys = 0;
    await this.#file.sync();
    const checkpoint: Checkpoint = { records: place, keys: await this.#file.place() };
    await replaceFile(`${this.#path}.checkpoint.json`, (handle) => handle.writeFile(JSON.stringify(checkpoint)));
    this.#size = place.size;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #read(): Promise<Checkpoint | undefined> {
    let text: string;
    try {
      text = await readFile(`${this.#path}.checkpoint.json`, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw ioError(error, this.#path, "read");
    }
    try {
      return JSON.parse(text) as Checkpoint;
    } catch {
      return undefined;
    }
  }
}
