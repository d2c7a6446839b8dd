/** What the train commands do: open the model, make the examples, train in the run directory. */
import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { failArgument } from "../../check.js";
import { manifestName } from "../../data/manifest.js";
import { ErprmError } from "../../errors.js";
import { followTraining } from "../../stages/follow-training.js";
import { checkpointFolder, trainingLog } from "../../stages/training-keeper.js";
import { formatStepRule, parseStepRule } from "../../text/step-rule.js";
import { expectAdapterFits } from "../../training/adapter-fit.js";
import { expectSavable } from "../../training/base-files.js";
import { agree, examplesDigest } from "../../training/distributed/agreement.js";
import type { RankGroup } from "../../training/distributed/rank-group.js";
import { type RankPlace, rankPlace } from "../../training/distributed/rank-place.js";
import { expectTransport } from "../../training/distributed/transport.js";
import { loadAdapter } from "../../training/load-adapter.js";
import { type OpenedAdapter, openAdapter } from "../../training/open-adapter.js";
import { modelFileNames } from "../../training/save-model.js";
import { checkSchedule } from "../../training/schedule.js";
import { checkTrainerOptions, type Trainer, type TrainerOptions } from "../../training/trainer.js";
import type { TrainerSource } from "../../training/trainer-source.js";
import type { TrainingBase } from "../../training/training-base.js";
import { usualTokensPerUpdate } from "../../training/update-size.js";
import { packageBuild } from "../package-build.js";
import { required } from "../policy-values.js";
import type { Surroundings } from "../stage-command.js";
import { note, withRun } from "../with-run.js";
import { trainBody } from "./body.js";
import { makeExamples } from "./make-examples.js";
import { withMemoryAdvice } from "./memory-advice.js";
import type { TrainPlan } from "./plan.js";
import { TrainProgress } from "./progress.js";
import { trainSummaryForm } from "./summary.js";
import {
  batchTokens,
  defaultLearningRate,
  loraOf,
  maxLengthOf,
  numParameters,
  scheduleOf,
  storedTypes,
  type TrainValues,
} from "./values.js";
import { leadOrFollow, quietUnlessFirst, withRanks } from "./with-ranks.js";

/**
 * A model must not be trained into its own directory, nor into one that holds a model and is no run of ours: --force would
 * remove the files of the same names.
 */
async function refuseModelDirectory(out: string, base: TrainingBase): Promise<void> {
  const isThere = existsSync(join(out, "config.json"));
  const isBase = isThere && (await realpath(out)) === (await realpath(base.opened.path));
  if (!isBase && (!isThere || existsSync(join(out, manifestName)))) return;
  const what = isBase ? "the model that training starts from" : "a model that no run wrote";
  throw new ErprmError("ERPRM_RUN_CONFLICT", `Expected ${out} to be a new directory or a run, found ${what}`, {
    path: out,
  });
}

/** An adapter that has other numbers makes another run. */
function adapterInputs({ configPath, weightsPath }: OpenedAdapter): Record<string, string> {
  return { adapterConfig: configPath, adapterWeights: weightsPath };
}

async function createTrainer(
  base: TrainingBase,
  options: TrainerOptions,
  adapter: OpenedAdapter | undefined,
  source: TrainerSource,
): Promise<Trainer> {
  const trainer = await source.create(base, options);
  try {
    if (adapter) await loadAdapter(adapter, trainer, base.addon);
    return trainer;
  } catch (error) {
    await trainer.dispose();
    throw error;
  }
}

/** Results do not depend on it. Processes on one machine divide its cores between them. */
function threadsOf({ threads }: TrainValues, place: RankPlace | undefined): number | undefined {
  if (threads !== undefined || !place) return threads;
  return Math.max(1, Math.floor(availableParallelism() / place.localSize));
}

/** @throws as `RunDirectory.open`, `trainStage`, `saveModel`, `RankGroup.join` and what opens the model and reads the inputs */
export async function runTrain(
  plan: TrainPlan,
  values: TrainValues,
  surroundings: Surroundings,
  source: TrainerSource,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { init, device, dtype, heldOut, earlyStopping } = values;
  required("model", values.model, "a model directory or a .gguf file");
  required("out", values.out, "the run directory");
  if (values.adapter !== undefined && init === "random") {
    failArgument("--init", "pretrained with --adapter, which belongs to the weights of its base model", init);
  }
  if (dtype === "bf16" && device === "cpu") failArgument("--dtype", "f32 on the CPU", dtype);
  if (earlyStopping !== undefined && heldOut === 0) {
    failArgument("--early-stopping", "given only where problems are held out (--held-out)", earlyStopping);
  }
  const place = rankPlace(environment);
  if (place) expectTransport(device);
  const { signal } = surroundings;
  await withRanks({ place, timeout: values.rankTimeout, signal }, (group) =>
    trainAsRank({ plan, values: quietUnlessFirst(values, environment), surroundings, source, place, group }),
  );
}

interface RankWork {
  plan: TrainPlan;
  values: TrainValues;
  surroundings: Surroundings;
  source: TrainerSource;
  place: RankPlace | undefined;
  /** Undefined: this process is alone. */
  group: RankGroup | undefined;
}

async function trainAsRank({ plan, values, surroundings, source, place, group }: RankWork): Promise<void> {
  const { signal, stderr } = surroundings;
  const { model = "", out = "", init, device, dtype, seed, gradientCheckpointing, epochs, maxUpdates, quiet } = values;
  const threads = threadsOf(values, place);
  const adapter = values.adapter === undefined ? undefined : await openAdapter(values.adapter);
  const lora = adapter?.lora ?? loraOf(values);
  const base = await source.open(model, { init, signal });
  const say = (text: string) => note(text, values, surroundings);
  for (const text of [...base.notes, ...(adapter?.notes ?? [])]) say(text);
  if (!group || group.rank === 0) await refuseModelDirectory(out, base);
  await expectSavable(base);
  const maxLength = maxLengthOf(values, base);
  const task = plan.task(base);
  const { loss, candidates, rewardModel } = task;
  const trainerOptions: TrainerOptions = {
    ...{ init, loss, candidates, device, threads, lora, gradientCheckpointing, seed },
    computeType: dtype,
  };
  checkTrainerOptions(base, trainerOptions);
  if (adapter) expectAdapterFits(adapter, base, loss);
  const { data, counts } = await makeExamples(task, plan, base, values, surroundings);
  const tokensPerUpdate = values.tokensPerUpdate ?? usualTokensPerUpdate(epochs * data.training.numTokens);
  const tokensPerBatch = batchTokens(values, tokensPerUpdate, group !== undefined);
  const learningRate =
    values.learningRate ?? defaultLearningRate(numParameters(base), { init, hasAdapter: lora !== undefined });
  const schedule = scheduleOf(values, learningRate);
  checkSchedule(schedule);
  const { weightDecay, beta1, beta2, maxGradientNorm, evaluateEvery, earlyStopping, heldOut, saveDtype } = values;
  const optimizer = { weightDecay, beta1, beta2, maxGradientNorm };

  const description = {
    stage: `train ${plan.kind}`,
    options: {
      ...task.options,
      ...plan.prompt,
      ...{ loss, init, device, dtype, lora, saveDtype },
      ...{ epochs, maxUpdates, schedule, ...optimizer, tokensPerUpdate, tokensPerBatch },
      ...{ heldOut, evaluateEvery, earlyStopping, limit: values.limit },
      maxLength,
      split: formatStepRule(parseStepRule(values.split)),
      // Gradients are summed in the same order by any number of ranks from two, and in another by one process.
      ...(group && { ranks: "several" }),
    },
    freeOptions: {
      ...{ model, adapter: values.adapter, threads, gradientCheckpointing, maxFaults: values.maxFaults },
      ...{ spikeFactor: values.spikeFactor, checkpointEvery: values.checkpointEvery },
      ...(group && { numRanks: group.size, rankTimeout: values.rankTimeout }),
    },
    seed,
    inputs: { ...plan.inputs, ...(adapter && adapterInputs(adapter)) },
    models: { base: base.fingerprint },
    build: packageBuild({ ...base.addon.buildInfo }),
    outputs: [trainingLog, checkpointFolder, ...modelFileNames],
    scaffolding: [checkpointFolder],
  };
  const stage = {
    ...{ loss, seed, epochs, maxUpdates, schedule, optimizer, tokensPerUpdate, tokensPerBatch },
    ...{ evaluateEvery, earlyStopping, spikeFactor: values.spikeFactor, signal },
    checkpointEvery: values.checkpointEvery,
  };
  const load = () => createTrainer(base, trainerOptions, adapter, source);
  if (group) {
    const { stage: name, options, models, build } = description;
    const examples = { training: examplesDigest(data.training), heldOut: examplesDigest(data.heldOut) };
    const { spikeFactor } = values;
    await agree(group, { stage: name, seed, ...options, ...models, spikeFactor, ...examples, ...build });
  }
  const lead = (begin: () => Promise<void>) =>
    withRun(
      description,
      { ...values, out },
      surroundings,
      async (run) => {
        await begin();
        return trainBody(run, {
          ...{ data, counts, load, stage, group },
          save: (updates) => ({
            type: storedTypes[saveDtype],
            lora,
            rewardModel: rewardModel?.(updates),
          }),
          progress: new TrainProgress({ title: description.stage, quiet, stream: stderr }),
          note: say,
        });
      },
      trainSummaryForm,
    );
  const follow = (of: RankGroup) => followTraining({ load, data, stage, group: of });
  await leadOrFollow(group, lead, follow).catch((error: unknown) => {
    throw withMemoryAdvice(error);
  });
}
