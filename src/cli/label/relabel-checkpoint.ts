/** How far a relabelling got: what the next call of the same command goes on from. */
import { readFile, stat } from "node:fs/promises";
import { replaceFile } from "../../data/atomic-file.js";
import type { CutPlace } from "../../data/cut-file.js";
import { ioError } from "../../data/io-error.js";
import { parseJson } from "../../data/read-records.js";
import type { RelabelSums } from "../../stages/relabel-block.js";
import type { FilePlace } from "../../stages/relabel-file.js";

export interface RelabelCheckpoint {
  input: InputStamp;
  /** How far the input was read. */
  read: FilePlace;
  /** `labels.jsonl` and the keys of its records. */
  labels: CutPlace;
  keys: CutPlace;
  sums: RelabelSums;
}

/** An input that was read in full, so that it need not be again while it is the same file, of the same size and times. */
export interface InputStamp {
  sha256: string;
  /** Numbers of the system as text: they may be larger than 2^53. */
  device: string;
  inode: string;
  size: string;
  modified: string;
  changed: string;
}

/** @throws ERPRM_NOT_FOUND, ERPRM_IO */
export async function stampOf(path: string): Promise<Omit<InputStamp, "sha256">> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return {
      device: `${dev}`,
      inode: `${ino}`,
      size: `${size}`,
      modified: `${mtimeNs}`,
      changed: `${ctimeNs}`,
    };
  } catch (error) {
    throw ioError(error, path, "read");
  }
}

/** The SHA-256 that the checkpoint has of a file with this stamp; undefined where it has none. */
export function knownHash(checkpoint: RelabelCheckpoint | undefined, stamp: Omit<InputStamp, "sha256">) {
  if (checkpoint === undefined) return undefined;
  const { sha256, ...known } = checkpoint.input;
  return JSON.stringify(known) === JSON.stringify(stamp) ? sha256 : undefined;
}

/** Undefined when there is none. @throws ERPRM_INVALID_DATA {file}, ERPRM_IO */
export async function readCheckpoint(path: string): Promise<RelabelCheckpoint | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    // A directory that cannot be made is for whoever makes it.
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw ioError(error, path, "read");
  }
  return parseJson(text, { file: path, line: 1 }) as RelabelCheckpoint;
}

export function writeCheckpoint(path: string, checkpoint: RelabelCheckpoint): Promise<void> {
  return replaceFile(path, (handle) => handle.writeFile(JSON.stringify(checkpoint)));
}
