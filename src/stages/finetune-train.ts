/**
 * The training of a round: the policy of the round before, on the selected solutions, by the next-token loss. The policy
 * appears in the round's policy/ when it is whole; training.jsonl and the checkpoints lie beside it.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readSolutions } from "../data/read-solutions.js";
import { ErprmError } from "../errors.js";
import type { Round, RoundMeasures } from "../evaluation/finetuning.js";
import { expectSavable } from "../training/base-files.js";
import { splitExamples } from "../training/held-out.js";
import { policyExamplesFromSolutions } from "../training/policy-examples.js";
import { checkTrainerOptions, type TrainerOptions } from "../training/trainer.js";
import { nativeSource, type TrainerSource } from "../training/trainer-source.js";
import type { TrainingBase } from "../training/training-base.js";
import { usualTokensPerUpdate } from "../training/update-size.js";
import { isThere } from "./finetune-files.js";
import {
  type FinetuneStageOptions,
  finetuneDefaults,
  type RoundTraining,
  roundLearningRate,
  roundSeed,
} from "./finetune-options.js";
import { selectedFile } from "./finetune-rollout.js";
import { lossAtEnd, readTrainingLog, trainModel } from "./train-model.js";
import { checkpointFolder, trainingLog } from "./training-keeper.js";

export const policyFolder = "policy";

function trainerOptions(training: RoundTraining, seed: number): TrainerOptions {
  const { device, computeType, threads, lora, gradientCheckpointing } = training;
  return { loss: "next-token", device, computeType, threads, lora, gradientCheckpointing, seed };
}

/**
 * Opens the starting policy as what is trained, so that what is wrong with it is said before anything is computed.
 * @throws as `openTrainingBase` and `checkTrainerOptions`; ERPRM_INVALID_CHECKPOINT for a base that cannot be saved
 */
export async function openStart(
  policy: string,
  training: RoundTraining,
  source: TrainerSource = nativeSource,
  signal?: AbortSignal,
): Promise<TrainingBase> {
  const base = await source.open(policy, { signal });
  await expectSavable(base);
  checkTrainerOptions(base, trainerOptions(training, 0));
  return base;
}

/**
 * @param base names the policy that this round's begins with
 * @throws as `trainModel`, with details {roundIndex, part: "train"}, and `policyExamplesFromSolutions`; ERPRM_INVALID_DATA when the round has no selected solution
 */
export async function trainRound(
  directory: string,
  { roundIndex, base: name, rollout }: { roundIndex: number; base: string; rollout: RoundMeasures },
  options: FinetuneStageOptions,
): Promise<Round["training"]> {
  const { training, prompt, split, seed = 0, key = "", progress, note, signal } = options;
  const source = options.trainer ?? nativeSource;
  const numRounds = options.numRounds ?? finetuneDefaults.numRounds;
  const learningRate = roundLearningRate(training, roundIndex, numRounds);
  const modelDirectory = join(directory, policyFolder);
  if (!(await isThere(join(modelDirectory, "config.json")))) {
    expectSelected(rollout, roundIndex, options);
    await mkdir(modelDirectory, { recursive: true });
    const base = await openStart(name, training, source, signal);
    const { contextLength, vocabularySize } = base.opened.checkpoint.config;
    const path = join(directory, selectedFile);
    const { store, notes } = await policyExamplesFromSolutions(readSolutions(path), {
      ...{ vocabularySize, text: base.text, prompt, rule: split, file: path, signal },
      maxLength: Math.min(contextLength, training.maxLength ?? 4096),
      maxFaultShare: training.maxFaultShare,
      // Right or wrong is the selection's to judge.
      onlyCorrect: false,
    });
    for (const text of notes) note?.(text);
    const ownSeed = roundSeed(seed, roundIndex, "train");
    const { epochs = finetuneDefaults.epochs, warmup = finetuneDefaults.warmup, schedule = "cosine" } = training;
    const trained = trainModel({
      ...{ directory, modelDirectory, key, note },
      data: splitExamples(store, { seed: ownSeed, share: 0 }),
      load: () => source.create(base, trainerOptions(training, ownSeed)),
      stage: {
        ...{ loss: "next-token", seed: ownSeed, epochs, signal },
        schedule: { shape: schedule, peak: learningRate, warmup },
        maxUpdates: training.maxUpdates,
        optimizer: training.optimizer,
        tokensPerUpdate: training.tokensPerUpdate ?? usualTokensPerUpdate(epochs * store.numTokens),
        tokensPerBatch: training.tokensPerBatch,
        spikeFactor: training.spikeFactor,
        checkpointEvery: training.checkpointEvery,
      },
      save: () => ({ type: training.storedType ?? "F32", lora: training.lora }),
      progress: progress?.training?.(roundIndex),
    });
    await trained.catch((error: unknown) => {
      throw inTraining(error, roundIndex);
    });
  }
  await rm(join(directory, checkpointFolder), { recursive: true, force: true });
  const records = await readTrainingLog(join(directory, trainingLog));
  const updates = records.filter((record) => record.kind === "update");
  return {
    learningRate,
    updates: updates.length,
    tokens: updates.reduce((sum, { tokens }) => sum + tokens, 0),
    loss: lossAtEnd(records, updates.length) ?? null,
  };
}

/** The error, saying which training it is about; an interruption is about none. */
function inTraining(error: unknown, roundIndex: number): unknown {
  if (!(error instanceof ErprmError) || error.code === "ERPRM_ABORTED") return error;
  const details = { ...error.details, roundIndex, part: "train" };
  return new ErprmError(error.code, `${error.message}, in the training of round ${roundIndex}`, details, error);
}

function expectSelected(
  rollout: RoundMeasures,
  roundIndex: number,
  { selection: { rule, threshold } }: FinetuneStageOptions,
): void {
  if (rollout.selected > 0) return;
  const { solutions, problems, numCutOff, numEmpty, numUnscorable, accuracy } = rollout;
  const right = Math.round((accuracy.value ?? 0) * solutions);
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected at least one solution to train on in round ${roundIndex}, the selection ${rule}${threshold === undefined ? "" : ` ${threshold}`} took none of ${solutions} of ${problems} problems: ${right} right, ${numCutOff} cut off by the length limit, ${numEmpty} empty, ${numUnscorable} that the reward model cannot read`,
    { field: "selection", roundIndex, ...rollout },
  );
}
