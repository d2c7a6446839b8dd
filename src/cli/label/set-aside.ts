/** Units of a queue that were set aside, because every worker that had them failed. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { manifestName, readManifest } from "../../data/manifest.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { ErprmError } from "../../errors.js";

export const failedFile = "failed.jsonl";

/**
 * Units that were set aside leave holes, which only the queue's writer goes on behind.
 * @throws ERPRM_RUN_CONFLICT {path}
 */
export async function refuseSetAside(run: RunDirectory): Promise<void> {
  const path = run.file(failedFile);
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size === 0) return;
  const message = `Expected a run without units that were set aside, found ${path}: go on with --queue, or start over with --force`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path });
}

/**
 * Says of a complete run, every time, that it has holes.
 * @throws ERPRM_INVALID_DATA {path, numSetAside} when units were set aside; ERPRM_IO
 */
export async function expectNothingSetAside(out: string): Promise<void> {
  const { counts } = (await readManifest(join(out, manifestName))) ?? {};
  const numSetAside = counts?.setAside ?? 0;
  if (numSetAside === 0) return;
  const path = join(out, failedFile);
  const message = `Expected every unit to be labelled, ${numSetAside} were set aside, named in ${path}; all others are in ${out}`;
  throw new ErprmError("ERPRM_INVALID_DATA", message, { path, numSetAside });
}
