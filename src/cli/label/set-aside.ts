/** Units of a queue that were set aside, because every worker that had them failed. */
import { stat } from "node:fs/promises";
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
