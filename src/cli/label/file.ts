/**
 * The files of a label run: labels.jsonl and, where they are kept, completions.jsonl. The completions of a solution are on
 * the disk before its labels are, so a kill leaves at most completions without labels: these are cut off, and sampled again
 * with the solution.
 */
import { bytesOfLines } from "../../data/line-offset.js";
import { LogFile } from "../../data/log-file.js";
import { readLabels, solutionKey } from "../../data/read-solutions.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { type LabelStageOptions, labelStage, labelStageWithCompletions } from "../../stages/label.js";
import type { LabelRecord, Solution } from "../../types.js";
import type { LabelTally } from "../tally.js";
import { writing } from "../write-records.js";

export const completionsFile = "completions.jsonl";

export interface LabelFile {
  /** Records that an earlier call finished; the tally has them. */
  recordsBefore: number;
  /** Labels the solutions, the ones behind `recordsBefore`, into the files. */
  write(solutions: AsyncIterable<Solution>, stage: LabelStageOptions): AsyncGenerator<LabelRecord, void, undefined>;
}

export async function openLabelFile(run: RunDirectory, tally: LabelTally, keep: boolean): Promise<LabelFile> {
  const labels = await run.appender<LabelRecord>("labels.jsonl", solutionKey);
  const recordsBefore = labels.numRecords;
  let completionsBefore = 0;
  if (recordsBefore > 0) {
    for await (const record of readLabels(labels.path)) {
      tally.add(record);
      for (const step of record.steps) if (!step.terminal) completionsBefore += step.numCompletions;
    }
  }
  const path = run.file(completionsFile);
  return {
    recordsBefore,
    write: (solutions, stage) =>
      writing(
        keep ? keepingCompletions(path, completionsBefore, solutions, stage) : labelStage(solutions, stage),
        labels,
      ),
  };
}

async function* keepingCompletions(
  path: string,
  completionsBefore: number,
  solutions: AsyncIterable<Solution>,
  stage: LabelStageOptions,
): AsyncGenerator<LabelRecord, void, undefined> {
  const file = await LogFile.open(path, await bytesOfLines(path, completionsBefore));
  try {
    for await (const { record, completions } of labelStageWithCompletions(solutions, stage)) {
      for (const completion of completions) await file.append(completion);
      if (completions.length > 0) await file.sync();
      yield record;
    }
  } finally {
    await file.close();
  }
}
