/** The examples of a training, on both sides of the split, with what is told of them. */
import type { BuiltExamples } from "../../training/build-examples.js";
import type { TrainingExample } from "../../training/example.js";
import { type SplitExamples, splitExamples } from "../../training/held-out.js";
import type { TrainingBase } from "../../training/training-base.js";
import { Progress } from "../progress.js";
import type { Surroundings } from "../stage-command.js";
import { note } from "../with-run.js";
import type { TrainPlan, TrainTask } from "./plan.js";
import { maxLengthOf, type TrainValues } from "./values.js";

/** Their common store is of no use any more and must not outlive this. @throws as `TrainTask.examples` and `splitExamples` */
export async function makeExamples(
  task: TrainTask,
  plan: TrainPlan,
  base: TrainingBase,
  values: TrainValues,
  surroundings: Surroundings,
): Promise<{ data: SplitExamples<TrainingExample>; counts: Record<string, number> }> {
  const built = await buildExamples(task, plan, base, values, surroundings);
  for (const text of built.notes) note(text, values, surroundings);
  const { sameQuestion } = built;
  if (sameQuestion.size > 0 && values.heldOut > 0) {
    const [[id, first] = []] = sameQuestion;
    const text = `${sameQuestion.size} problems have the question of an earlier one under another id (${JSON.stringify(id)} that of ${JSON.stringify(first)}): they are held out or trained on together`;
    note(text, values, surroundings);
  }
  const data = splitExamples(built.store, { seed: values.seed, share: values.heldOut, sameQuestion });
  return { data, counts: exampleCounts(built, data) };
}

async function buildExamples(
  task: TrainTask,
  plan: TrainPlan,
  base: TrainingBase,
  values: TrainValues,
  { stderr, signal }: Surroundings,
): Promise<BuiltExamples<TrainingExample>> {
  const progress = new Progress({ title: "encode", unit: "records", quiet: values.quiet, stream: stderr });
  try {
    return await task.examples({
      vocabularySize: base.opened.checkpoint.config.vocabularySize,
      maxLength: maxLengthOf(values, base),
      file: Object.values(plan.inputs)[0],
      maxFaultShare: values.maxFaults,
      onProgress: (numRecords) => progress.update(numRecords),
      signal,
    });
  } finally {
    progress.end();
  }
}

function exampleCounts(
  { faults, leftOut }: BuiltExamples<TrainingExample>,
  { training, heldOut }: SplitExamples<TrainingExample>,
): Record<string, number> {
  return {
    examples: training.size,
    problems: training.problemIds().length,
    positions: training.numPositions,
    tokensPerEpoch: training.numTokens,
    heldOutExamples: heldOut.size,
    heldOutProblems: heldOut.problemIds().length,
    faulty: faults.numFaulty,
    leftOut: Object.values(leftOut).reduce((sum, count) => sum + count, 0),
  };
}
