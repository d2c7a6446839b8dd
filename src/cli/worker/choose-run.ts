/** Which of the runs on a server a worker works for: one of its model, and of its build. */
import { ErprmError } from "../../errors.js";
import type { Announcement } from "../../queue/messages.js";

export interface Wanted {
  /** The worker's model. */
  fingerprint: string;
  build: Record<string, unknown>;
  /** `--run` */
  run: string | undefined;
  anyBuild: boolean;
}

function described({ run, models, build }: Announcement): string {
  return `${run} (policy ${models.policy?.slice(0, 12)}, build ${JSON.stringify(build)})`;
}

/**
 * The first run that fits, by name; undefined when the server has none, or not the one that was asked for.
 * @throws ERPRM_INVALID_ARGUMENT when there are runs and none is of this model; ERPRM_RUN_CONFLICT for one of another build
 */
export function chooseRun(runs: readonly Announcement[], wanted: Wanted): Announcement | undefined {
  const named = runs.filter(({ run }) => wanted.run === undefined || run === wanted.run);
  if (named.length === 0) return undefined;
  const fitting = named.filter(({ models }) => models.policy === wanted.fingerprint);
  if (fitting.length === 0) {
    const message = `Expected a run of the model ${wanted.fingerprint.slice(0, 12)}, found ${named.map(described).join(", ")}: give --policy the very model of the run`;
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { fingerprint: wanted.fingerprint });
  }
  const same = fitting.find(({ build }) => JSON.stringify(build) === JSON.stringify(wanted.build));
  if (same || wanted.anyBuild) return same ?? fitting[0];
  const message = `Expected a run of this build, ${JSON.stringify(wanted.build)}, found ${fitting.map(described).join(", ")}: the last bits may differ between builds and processors; --any-build works on it nevertheless`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { build: wanted.build });
}
