/** Sizes and times of a model's files: one that was found and checked may be loaded much later, and again after that. */
import { stat } from "node:fs/promises";
import { ErprmError } from "../errors.js";
import { fileError } from "./read-file.js";

export interface FileStamp {
  path: string;
  size: bigint;
  /** Nanoseconds since 1970. */
  changed: bigint;
}

/** @throws ERPRM_NOT_FOUND, ERPRM_IO */
export function stampFiles(paths: readonly string[]): Promise<FileStamp[]> {
  return Promise.all(
    paths.map(async (path) => {
      try {
        const { size, mtimeNs } = await stat(path, { bigint: true });
        return { path, size, changed: mtimeNs };
      } catch (error) {
        throw fileError(path, error);
      }
    }),
  );
}

/** @throws ERPRM_INVALID_CHECKPOINT for a file that was written since; ERPRM_NOT_FOUND, ERPRM_IO */
export async function expectUnchanged(stamps: readonly FileStamp[]): Promise<void> {
  const now = await stampFiles(stamps.map(({ path }) => path));
  for (const [i, { path, size, changed }] of stamps.entries()) {
    const found = now[i] as FileStamp;
    if (found.size === size && found.changed === changed) continue;
    const shown = (one: { size: bigint; changed: bigint }) =>
      `${one.size} bytes of ${new Date(Number(one.changed / 1_000_000n)).toISOString()}`;
    throw new ErprmError(
      "ERPRM_INVALID_CHECKPOINT",
      `Expected ${path} as it was when the model was opened, ${shown({ size, changed })}, found ${shown(found)}: open the model again`,
      { path },
    );
  }
}
