/** What a file of scores was made from, as the manifest beside it says. */
import { basename, dirname, join } from "node:path";
import { sha256OfFile } from "../../data/file-hash.js";
import { manifestName, readManifest } from "../../data/manifest.js";
import type { Placed } from "../../data/placed.js";
import { readProcessBench } from "../../data/read-process-bench.js";
import { readScorable } from "../../data/read-scorable.js";
import { ErprmError } from "../../errors.js";

export interface ScoredText {
  problemId: string;
  index: number;
  question: string;
  steps: readonly string[];
}

export interface ScoredInput {
  sha256: string;
  /** Where it was when it was scored. */
  path: string;
  /** Its solutions. @throws as `readScorable`, `readProcessBench` */
  read(): AsyncIterable<Placed<ScoredText>>;
}

/** Undefined without a manifest that lists the file and its input. @throws ERPRM_INVALID_DATA, ERPRM_IO */
export async function scoredInput(scoresFile: string): Promise<ScoredInput | undefined> {
  const name = basename(scoresFile);
  const manifest = await readManifest(join(dirname(scoresFile), manifestName));
  if (!manifest?.outputs.includes(name)) return undefined;
  // Of an evaluation: `scores-NAME@FILE.jsonl` are of a ProcessBench file, `scores-NAME.jsonl` of the solutions.
  const bench = manifest.stage === "evaluate" ? /^scores-[^@]*@(.+)\.jsonl$/.exec(name)?.[1] : undefined;
  const input = bench === undefined ? "solutions" : `first errors of ${bench}`;
  const [sha256, path] = [manifest.inputs?.[input], manifest.inputPaths?.[input]];
  if (sha256 === undefined || path === undefined) return undefined;
  return { sha256, path, read: () => (bench === undefined ? readScorable(path) : readProcessBench(path)) };
}

/** False: it is gone, or was changed since. @throws ERPRM_IO */
export async function isStillThere({ path, sha256 }: ScoredInput): Promise<boolean> {
  try {
    return (await sha256OfFile(path)) === sha256;
  } catch (error) {
    if (error instanceof ErprmError && error.code === "ERPRM_NOT_FOUND") return false;
    throw error;
  }
}
