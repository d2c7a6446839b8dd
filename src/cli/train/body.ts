/** What a training does inside its run directory, and the counts that are told of it. */
import { identityKey } from "../../data/manifest.js";
import type { RunDirectory } from "../../data/run-directory.js";
import type { TrainerTensor } from "../../native/contract.js";
import { lossAtEnd, type ModelTraining, type TrainedModel, trainModel } from "../../stages/train-model.js";
import type { TrainingRecord } from "../../training/training-record.js";
import type { SessionNumbers } from "../session.js";
import { peakMemoryBytes, type TrainProgress } from "./progress.js";
import { shownMeasures } from "./summary.js";

export interface TrainBody extends Pick<ModelTraining, "load" | "data" | "stage" | "save" | "group"> {
  /** Counts that are known before training. */
  counts: Record<string, number>;
  progress: TrainProgress;
  note(text: string): void;
}

export async function trainBody(run: RunDirectory, body: TrainBody): Promise<SessionNumbers> {
  const { counts, progress, ...training } = body;
  const directories = { directory: run.path, modelDirectory: run.path };
  const trained = await trainModel({ ...training, ...directories, key: identityKey(run.manifest), progress });
  const { end, records, heldOut, tensors, seconds } = trained;
  const made = lossCounts(records, end.updates);
  warnOfRise(made.heldOutLossBefore, heldOut?.loss, body.note);
  return {
    counts: {
      ...counts,
      ...parameterCounts(tensors),
      updates: end.updates,
      ...made,
      ...measureCounts(heldOut),
      stoppedEarly: Number(end.stopped),
      tokens: end.tokens,
      tokensTrained: progress.tokensTrained,
      peakMemoryBytes: peakMemoryBytes(),
    },
    timings: seconds,
  };
}

/** A training may diverge in its first update, or below the bound of a spike. */
function warnOfRise(before: number | undefined, after: number | undefined, note: TrainBody["note"]): void {
  if (before === undefined || after === undefined || after <= before) return;
  note(
    `the held-out loss rose from ${before.toFixed(4)} to ${after.toFixed(4)}: a smaller learning rate or --early-stopping may help`,
  );
}

function measureCounts(heldOut: TrainedModel["heldOut"]): Record<string, number> {
  if (!heldOut) return {};
  const { loss, measures } = heldOut;
  if (!measures) return { heldOutLoss: loss };
  const counts: Record<string, number> = { heldOutLoss: loss, n: measures.n };
  if (measures.meanSuccessRate.value !== null) counts.meanSuccessRate = measures.meanSuccessRate.value;
  for (const name of Object.keys(shownMeasures) as (keyof typeof shownMeasures)[]) {
    const { value, low, high } = measures[name];
    if (value !== null) counts[name] = value;
    if (low !== null) counts[`${name}Low`] = low;
    if (high !== null) counts[`${name}High`] = high;
  }
  return counts;
}

function parameterCounts(tensors: readonly TrainerTensor[]): Record<string, number> {
  let parameters = 0;
  let trainedParameters = 0;
  for (const { shape, kind, trained } of tensors) {
    if (kind === "moment") continue;
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (kind === "parameter") parameters += size;
    if (trained) trainedParameters += size;
  }
  return { parameters, trainedParameters };
}

/** The mean loss of the last updates behind the weights, and the held-out loss that training began with. */
function lossCounts(records: readonly TrainingRecord[], updates: number): Record<string, number> {
  const loss = lossAtEnd(records, updates);
  const before = records.find((record) => record.kind === "held-out" && record.updateIndex === 0);
  return {
    updatesMade: records.filter(({ kind }) => kind === "update").length,
    ...(loss !== undefined && { loss }),
    ...(before && { heldOutLossBefore: before.loss }),
  };
}
