/** Whether a file can be written where the command line says, before anything is computed for it. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ErprmError } from "../errors.js";

/** @throws ERPRM_INVALID_ARGUMENT {name, path} where the directory that `--out` names a file in is none */
export async function expectFilePlace(path: string): Promise<void> {
  const directory = dirname(path);
  const found = await stat(directory).then(
    (facts) => (facts.isDirectory() ? undefined : `${directory} is a file`),
    ({ code }: NodeJS.ErrnoException) =>
      code === "ENOENT" || code === "ENOTDIR" ? `${directory} is not there` : undefined,
  );
  if (found === undefined) return;
  const message = `Expected --out to name a file in a directory that is there, received ${path}: ${found}`;
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: "out", path });
}
