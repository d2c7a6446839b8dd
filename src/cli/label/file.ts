/**
 * The files of a label run: labels.jsonl and, where they are kept, completions.jsonl. The completions of a solution are on
 * the disk before its labels are, so a kill leaves at most completions without labels: these are cut off, and sampled again
 * with the solution.
 */
import type { JsonlAppender } from "../../data/jsonl-appender.js";
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

/** The completions behind a label record. */
export function numCompletionsOf({ steps }: LabelRecord): number {
  return steps.reduce((sum, { terminal, numCompletions }) => (terminal ? sum : sum + numCompletions), 0);
}

/** labels.jsonl, with what an earlier call finished in the tally. */
export async function openLabels(
  run: RunDirectory,
  tally: LabelTally,
): Promise<{ labels: JsonlAppender<LabelRecord>; completionsBefore: number }> {
  const labels = await run.appender<LabelRecord>("labels.jsonl", solutionKey);
  let completionsBefore = 0;
  if (labels.numRecords > 0) {
    for await (const record of readLabels(labels.path)) {
      tally.add(record);
      completionsBefore += numCompletionsOf(record);
    }
  }
  return { labels, completionsBefore };
}

/** completions.jsonl, cut back to the completions of the labels that are there. */
export async function openCompletions(run: RunDirectory, completionsBefore: number): Promise<LogFile> {
  const path = run.file(completionsFile);
  return LogFile.open(path, await bytesOfLines(path, completionsBefore));
}

export async function openLabelFile(run: RunDirectory, tally: LabelTally, keep: boolean): Promise<LabelFile> {
  const { labels, completionsBefore } = await openLabels(run, tally);
  const recordsBefore = labels.numRecords;
  return {
    recordsBefore,
    write: (solutions, stage) =>
      writing(
        keep ? keepingCompletions(run, completionsBefore, solutions, stage) : labelStage(solutions, stage),
        labels,
      ),
  };
}

async function* keepingCompletions(
  run: RunDirectory,
  completionsBefore: number,
  solutions: AsyncIterable<Solution>,
  stage: LabelStageOptions,
): AsyncGenerator<LabelRecord, void, undefined> {
  const file = await openCompletions(run, completionsBefore);
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
