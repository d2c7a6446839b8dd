/**
 * A whole training on the disk: trains with checkpoints, evaluates what will be saved, saves it. A training that was killed
 * goes on from its last checkpoint, and ends with the same bytes.
 */
import { join } from "node:path";
import { readRecords } from "../data/read-records.js";
import { removeLeftovers } from "../data/staging.js";
import type { TrainerTensor } from "../native/contract.js";
import { type MeasuresWithIntervals, measureWithIntervals } from "../statistics/intervals.js";
import type { RankGroup } from "../training/distributed/rank-group.js";
import type { Ranks } from "../training/distributed/ranks.js";
import { evaluateExamples } from "../training/evaluate.js";
import type { TrainingExample } from "../training/example.js";
import type { SplitExamples } from "../training/held-out.js";
import { type SaveOptions, saveModel } from "../training/save-model.js";
import type { Trainer } from "../training/trainer.js";
import type { TrainingRecord } from "../training/training-record.js";
import { LeadingKeeper } from "./shared-keeper.js";
import {
  defaultTokensPerBatch,
  type TrainingEnd,
  type TrainingProgress,
  type TrainStageOptions,
  trainStage,
} from "./train.js";
import { DirectoryKeeper, trainingLog } from "./training-keeper.js";

export interface ModelTraining {
  /** Exists; training.jsonl and the checkpoints are kept in it. */
  directory: string;
  /** Exists; becomes the model. May be `directory`. */
  modelDirectory: string;
  /** Stands for everything that decides the results: checkpoints of another training are refused by it. */
  key: string;
  load(): Promise<Trainer>;
  data: SplitExamples<TrainingExample>;
  stage: Omit<TrainStageOptions, "trainer" | "heldOut" | "keeper" | "progress" | "ranks">;
  /** The other processes of this training: this one is their rank 0, they run `followTraining`. Default: there is none. */
  group?: RankGroup | undefined;
  /** How the model is saved after so many updates. */
  save(updates: number): SaveOptions;
  progress?: ModelTrainingProgress | undefined;
  note?: ((text: string) => void) | undefined;
}

export interface ModelTrainingProgress extends TrainingProgress {
  record?(record: TrainingRecord): void;
  /** No update follows. */
  end?(): void;
}

export interface TrainedModel {
  end: TrainingEnd;
  /** All of training.jsonl. */
  records: TrainingRecord[];
  /** Of the saved weights, where problems are held out; measures for reward models. */
  heldOut?: { loss: number; measures?: MeasuresWithIntervals };
  tensors: TrainerTensor[];
  /** Of this call. */
  seconds: { load: number; train: number; evaluate: number; save: number };
}

/** @throws as `trainStage` and `saveModel`; what `load` throws; ERPRM_RUN_CONFLICT for checkpoints of another training */
export async function trainModel(training: ModelTraining): Promise<TrainedModel> {
  const startedAt = performance.now();
  const { directory, modelDirectory, data, stage, progress } = training;
  await removeLeftovers(directory);
  await removeLeftovers(modelDirectory);
  const keeper = new DirectoryKeeper(directory, training.key, training.note);
  const trainer = await training.load();
  const ranks = training.group?.ranksOf(trainer);
  try {
    const loadedAt = performance.now();
    let end: TrainingEnd;
    const shared = ranks ? new LeadingKeeper(keeper, ranks) : keeper;
    const stageOptions = { ...stage, trainer, heldOut: data.heldOut, keeper: shared, ranks, progress };
    const records = trainStage(data.training, stageOptions);
    try {
      for (;;) {
        const next = await records.next();
        if (next.done) {
          end = next.value;
          break;
        }
        await keeper.append(next.value);
        progress?.record?.(next.value);
      }
    } finally {
      progress?.end?.();
    }
    const trainedAt = performance.now();
    const heldOut = await heldOutMeasures(trainer, training, end.updates, ranks);
    const savedFrom = performance.now();
    // The model's last file says that training is over: the log has to be on the disk before it.
    await keeper.sync();
    await saveModel(trainer, trainer.base, modelDirectory, training.save(end.updates));
    const seconds = (from: number, to: number) => (to - from) / 1000;
    return {
      end,
      records: await readTrainingLog(join(directory, trainingLog)),
      ...(heldOut && { heldOut }),
      tensors: trainer.tensors(),
      seconds: {
        load: seconds(startedAt, loadedAt),
        train: seconds(loadedAt, trainedAt),
        evaluate: seconds(trainedAt, savedFrom),
        save: seconds(savedFrom, performance.now()),
      },
    };
  } finally {
    await keeper.close();
    await trainer.dispose();
  }
}

/** The weights that are saved, on the held-out problems, with intervals over problems. */
async function heldOutMeasures(
  trainer: Trainer,
  { data, stage }: ModelTraining,
  updateIndex: number,
  ranks: Ranks | undefined,
): Promise<TrainedModel["heldOut"]> {
  const { signal, seed = 0, tokensPerBatch = defaultTokensPerBatch } = stage;
  if (data.heldOut.size === 0) return undefined;
  const evaluateOptions = { tokensPerBatch, updateIndex, signal, ranks };
  const { loss, prefixes } = await evaluateExamples(trainer, data.heldOut, evaluateOptions);
  if (!prefixes) return { loss };
  return { loss, measures: await measureWithIntervals(prefixes, { seed, signal }) };
}

/** All records of a training.jsonl. @throws ERPRM_INVALID_DATA {file, line} for one that was changed; ERPRM_IO */
export async function readTrainingLog(path: string): Promise<TrainingRecord[]> {
  const records: TrainingRecord[] = [];
  for await (const { value } of readRecords(path)) records.push(value as TrainingRecord);
  return records;
}

/** Updates that the reported loss is the mean of. */
const lastUpdates = 20;

/** The mean loss of the last updates behind the weights; undefined for none. */
export function lossAtEnd(records: readonly TrainingRecord[], updates: number): number | undefined {
  const losses = records
    .flatMap((record) => (record.kind === "update" && record.updateIndex <= updates ? record.loss : []))
    .slice(-lastUpdates);
  return losses.length > 0 ? losses.reduce((sum, loss) => sum + loss, 0) / losses.length : undefined;
}
