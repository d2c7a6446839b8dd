/** What a training does inside its run directory: train, evaluate what will be saved, save it. */
import { readFile } from "node:fs/promises";
import type { RunDirectory } from "../data/run-directory.js";
import { removeLeftovers } from "../data/staging.js";
import { defaultTokensPerBatch, type TrainingEnd, type TrainStageOptions, trainStage } from "../stages/train.js";
import { measureWithIntervals } from "../statistics/intervals.js";
import { evaluateExamples } from "../training/evaluate.js";
import type { TrainingExample } from "../training/example.js";
import type { SplitExamples } from "../training/held-out.js";
import { type SaveOptions, saveModel } from "../training/save-model.js";
import type { Trainer } from "../training/trainer.js";
import type { TrainingRecord } from "../training/training-record.js";
import { RunKeeper, trainingLog } from "./run-keeper.js";
import type { SessionNumbers } from "./session.js";
import { peakMemoryBytes, type TrainProgress } from "./train-progress.js";
import { shownMeasures } from "./train-summary.js";

export interface TrainBody {
  load(): Promise<Trainer>;
  data: SplitExamples<TrainingExample>;
  /** Counts that are known before training. */
  counts: Record<string, number>;
  stage: Omit<TrainStageOptions, "trainer" | "heldOut" | "keeper" | "progress">;
  save(updates: number): SaveOptions;
  progress: TrainProgress;
  note(text: string): void;
}

/** Updates that the reported loss is the mean of. */
const lastUpdates = 20;

export async function trainBody(run: RunDirectory, body: TrainBody): Promise<SessionNumbers> {
  const startedAt = performance.now();
  const { data, stage, progress } = body;
  await removeLeftovers(run.path);
  const keeper = new RunKeeper(run, body.note);
  const trainer = await body.load();
  try {
    const loadedAt = performance.now();
    let end: TrainingEnd;
    const records = trainStage(data.training, { ...stage, trainer, heldOut: data.heldOut, keeper, progress });
    try {
      for (;;) {
        const next = await records.next();
        if (next.done) {
          end = next.value;
          break;
        }
        await keeper.append(next.value);
        progress.record(next.value);
      }
    } finally {
      progress.end();
    }
    const trainedAt = performance.now();
    const measures = await finalMeasures(trainer, body);
    const made = lossCounts(await readLog(run.file(trainingLog)), end.updates);
    warnOfRise(made.heldOutLossBefore, measures.heldOutLoss, body.note);
    const savedFrom = performance.now();
    await saveModel(trainer, trainer.base, run.path, body.save(end.updates));
    await keeper.finish();
    const now = performance.now();
    const seconds = (from: number, to: number) => (to - from) / 1000;
    return {
      counts: {
        ...body.counts,
        ...parameterCounts(trainer),
        updates: end.updates,
        ...made,
        ...measures,
        stoppedEarly: Number(end.stopped),
        tokens: end.tokens,
        tokensTrained: progress.tokensTrained,
        peakMemoryBytes: peakMemoryBytes(),
      },
      timings: {
        load: seconds(startedAt, loadedAt),
        train: seconds(loadedAt, trainedAt),
        evaluate: seconds(trainedAt, savedFrom),
        save: seconds(savedFrom, now),
      },
    };
  } finally {
    await keeper.close();
    await trainer.dispose();
  }
}

/** A training that diverged at once has no spike: nothing was usual before. */
function warnOfRise(before: number | undefined, after: number | undefined, note: TrainBody["note"]): void {
  if (before === undefined || after === undefined || after <= before) return;
  note(
    `the held-out loss rose from ${before.toFixed(4)} to ${after.toFixed(4)}: a smaller learning rate or --early-stopping may help`,
  );
}

/** The weights that are saved, on the held-out problems, with intervals over problems. */
async function finalMeasures(trainer: Trainer, { data, stage }: TrainBody): Promise<Record<string, number>> {
  const { signal, seed = 0, tokensPerBatch = defaultTokensPerBatch } = stage;
  if (data.heldOut.size === 0) return {};
  const { loss, prefixes } = await evaluateExamples(trainer, data.heldOut, { tokensPerBatch, signal });
  if (!prefixes) return { heldOutLoss: loss };
  const measures = await measureWithIntervals(prefixes, { seed, signal });
  const counts: Record<string, number> = { heldOutLoss: loss, n: measures.n };
  for (const name of Object.keys(shownMeasures) as (keyof typeof shownMeasures)[]) {
    const { value, low, high } = measures[name];
    if (value !== null) counts[name] = value;
    if (low !== null) counts[`${name}Low`] = low;
    if (high !== null) counts[`${name}High`] = high;
  }
  return counts;
}

function parameterCounts(trainer: Trainer): Record<string, number> {
  let parameters = 0;
  let trainedParameters = 0;
  for (const { shape, kind, trained } of trainer.tensors()) {
    if (kind === "moment") continue;
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (kind === "parameter") parameters += size;
    if (trained) trainedParameters += size;
  }
  return { parameters, trainedParameters };
}

async function readLog(path: string): Promise<TrainingRecord[]> {
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as TrainingRecord);
}

/** The mean loss of the last updates behind the weights, and the held-out loss that training began with. */
function lossCounts(records: readonly TrainingRecord[], updates: number): Record<string, number> {
  const made = records.filter((record) => record.kind === "update");
  const losses = made
    .filter(({ updateIndex }) => updateIndex <= updates)
    .slice(-lastUpdates)
    .map(({ loss }) => loss);
  const before = records.find((record) => record.kind === "held-out" && record.updateIndex === 0);
  return {
    updatesMade: made.length,
    ...(losses.length > 0 && { loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length }),
    ...(before && { heldOutLossBefore: before.loss }),
  };
}
