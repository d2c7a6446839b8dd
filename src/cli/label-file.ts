/** The files of a label run: labels.jsonl and, where they are kept, completions.jsonl, which is never behind. */
import { readLabels, solutionKey } from "../data/read-solutions.js";
import type { RunDirectory } from "../data/run-directory.js";
import { type LabelStageOptions, labelStage, labelStageWithCompletions } from "../stages/label.js";
import type { CompletionRecord, LabelRecord, Solution } from "../types.js";
import type { LabelTally } from "./tally.js";
import { writing } from "./write-records.js";

export const completionsFile = "completions.jsonl";

function completionKey({ problemId, index, stepIndex, completionIndex }: CompletionRecord): string {
  return `${problemId} ${index} ${stepIndex} ${completionIndex}`;
}

export interface LabelFile {
  /** Records that an earlier call finished; the tally has them. */
  recordsBefore: number;
  /** Labels the solutions, the ones behind `recordsBefore`, into the files. */
  write(solutions: AsyncIterable<Solution>, stage: LabelStageOptions): AsyncGenerator<LabelRecord, void, undefined>;
}

export async function openLabelFile(run: RunDirectory, tally: LabelTally, keep: boolean): Promise<LabelFile> {
  const labels = await run.appender<LabelRecord>("labels.jsonl", solutionKey);
  if (labels.numRecords > 0) for await (const record of readLabels(labels.path)) tally.add(record);
  const recordsBefore = labels.numRecords;
  if (!keep) return { recordsBefore, write: (solutions, stage) => writing(labelStage(solutions, stage), labels) };
  const completions = await run.appender<CompletionRecord>(completionsFile, completionKey);

  // A kill between the two files leaves completions of a solution without its labels: it is labelled again, with the very
  // same completions, and those that are there are not written twice.
  async function* kept(solutions: AsyncIterable<Solution>, stage: LabelStageOptions) {
    for await (const labelled of labelStageWithCompletions(solutions, stage)) {
      await completions.append(labelled.completions.filter((one) => !completions.has(completionKey(one))));
      yield labelled.record;
    }
  }
  return { recordsBefore, write: (solutions, stage) => writing(kept(solutions, stage), labels) };
}
