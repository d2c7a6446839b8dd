/** What the records of a merged run add up to, computed anew: means and areas of shards do not add up. */
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../../data/file-hash.js";
import type { Manifest } from "../../data/manifest.js";
import { readScorable } from "../../data/read-scorable.js";
import { solutionKey } from "../../data/read-solutions.js";
import type { LabelRecord, Outcome, ScoreRecord, Solution } from "../../types.js";
import { ScoreTally } from "../score/tally.js";
import { take } from "../take.js";
import { LabelTally, SolutionTally } from "../tally.js";

export interface RecordTally {
  /** Sees every record of every file of the run. */
  add(name: string, record: object): void;
  readonly counts: Record<string, number>;
  /** What it lacks, in words for the user. */
  note?: string;
}

/** @throws as `readScorable` for the solutions of a score run, where they still are what was scored; ERPRM_IO */
export async function recordTally({ stage, options, inputs, inputPaths }: Manifest): Promise<RecordTally> {
  if (stage === "score") {
    const path = inputPaths.solutions ?? "";
    const limit = typeof options.limit === "number" ? options.limit : undefined;
    const outcomes = await outcomesOf(path, inputs.solutions, limit);
    const tally = new ScoreTally();
    return {
      add: (_name, record) => tally.add(record as ScoreRecord, outcomes?.get(solutionKey(record as ScoreRecord))),
      get counts() {
        return tally.counts;
      },
      ...(outcomes === undefined && {
        note: `the solutions that were scored are not at ${path} as they were: the summary cannot hold the scores against their outcomes`,
      }),
    };
  }
  const isLabel = stage === "label";
  const tally = isLabel ? new LabelTally() : new SolutionTally();
  const file = isLabel ? "labels.jsonl" : "solutions.jsonl";
  return {
    add: (name, record) => {
      if (name === file) tally.add(record as LabelRecord & Solution);
    },
    get counts() {
      return tally.counts;
    },
  };
}

/** Undefined where the file is gone or another one. */
async function outcomesOf(path: string, sha256: string | undefined, limit: number | undefined) {
  const isThere = await stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
  if (!isThere || (await sha256OfFile(path)) !== sha256) return undefined;
  const outcomes = new Map<string, Outcome | undefined>();
  for await (const solution of take(readScorable(path), limit)) outcomes.set(solutionKey(solution), solution.outcome);
  return outcomes;
}
