/** What `erprm finetune` does. */
import { realpath } from "node:fs/promises";
import { sep } from "node:path";
import { failArgument } from "../check.js";
import { identityKey } from "../data/manifest.js";
import type { RunDirectory } from "../data/run-directory.js";
import { ErprmError } from "../errors.js";
import type { Finetuning } from "../evaluation/finetuning.js";
import { type OpenedPolicy, Policy } from "../policy/policy.js";
import { RewardModel } from "../reward/reward-model.js";
import { type FinetuneRecord, finetuneOutputs, finetuneStage } from "../stages/finetune.js";
import { writeJson } from "../stages/finetune-files.js";
import { checkFinetune, type FinetuneStageOptions, type RoundTraining } from "../stages/finetune-options.js";
import { needsScores } from "../stages/finetune-selection.js";
import { openStart } from "../stages/finetune-train.js";
import { formatStepRule, parseStepRule } from "../text/step-rule.js";
import { nativeSource, type TrainerSource } from "../training/trainer-source.js";
import type { finetuneOptions } from "./commands/finetune.js";
import { type FinetuneProblems, finetuneProblems } from "./finetune-problems.js";
import { FinetuneBars } from "./finetune-progress.js";
import { accuracyText, finetuneFile, finetuneSummaryForm } from "./finetune-summary.js";
import { refuseIdleFlags } from "./idle-flags.js";
import type { OptionValues } from "./option.js";
import { packageBuild } from "./package-build.js";
import {
  type OpenPolicy,
  policyFreedom,
  policyIdentity,
  policyOptionsOf,
  promptSettings,
  required,
  solutionSampling,
} from "./policy-values.js";
import type { OpenRewardModel } from "./run-score.js";
import type { SessionNumbers } from "./session.js";
import type { Given, Run } from "./stage-command.js";
import { peakMemoryBytes } from "./train-progress.js";
import { defaultLearningRate, loraOf, numParameters, storedTypes } from "./train-values.js";
import { note, withRun } from "./with-run.js";

type FinetuneValues = OptionValues<typeof finetuneOptions>;

/** Where models come from: real ones, or others in tests. */
export interface FinetuneModels {
  openPolicy: OpenPolicy;
  openRewardModel: OpenRewardModel;
  trainer: TrainerSource;
}

const nativeModels: FinetuneModels = {
  openPolicy: Policy.open,
  openRewardModel: RewardModel.open,
  trainer: nativeSource,
};

function refuseIdle(values: FinetuneValues, given: Given): void {
  const { selection, loraRank, heldOutProblems } = values;
  refuseIdleFlags(given, [
    {
      names: ["reward-model", "convention", "step-tag", "aggregate", "reward-dtype"],
      why: "with --selection correct, which looks at no score",
      when: !needsScores(selection),
    },
    { names: ["threshold"], why: "without --selection threshold", when: selection !== "threshold" },
    { names: ["held-out"], why: "with --held-out-problems", when: heldOutProblems !== undefined },
    {
      names: ["lora-alpha", "lora-targets"],
      why: "without --lora-rank: all weights are trained",
      when: loraRank === 0,
    },
  ]);
  if (selection === "threshold" && values.threshold === undefined) {
    failArgument("--threshold", "given with --selection threshold: a score from 0 to 1", undefined);
  }
}

/** Starting over removes the rounds: no model may lie among them. */
async function refuseModelInside(out: string, option: string, model: string | undefined): Promise<void> {
  if (model === undefined) return;
  const inside = async () => (await realpath(model)).startsWith(`${await realpath(out)}${sep}`);
  // One of the two is not there, or is no path at all (builtin:tiny): the model does not lie in the directory.
  if (!(await inside().catch(() => false))) return;
  const message = `Expected --${option} to lie outside the run directory ${out}, received ${model}`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path: out });
}

async function trainingOf(
  model: string,
  values: FinetuneValues,
  { trainer }: FinetuneModels,
  signal: AbortSignal,
): Promise<RoundTraining & { notes: readonly string[] }> {
  const { weightDecay, beta1, beta2, maxGradientNorm, maxUpdates, tokensPerUpdate, tokensPerBatch } = values;
  const lora = loraOf(values);
  const training: Omit<RoundTraining, "learningRate"> = {
    roundDecay: values.roundDecay,
    schedule: values.schedule,
    warmup: values.warmup,
    epochs: values.epochs,
    optimizer: { weightDecay, beta1, beta2, maxGradientNorm },
    ...{ maxUpdates, tokensPerUpdate, tokensPerBatch, maxLength: values.maxLength },
    ...{ maxFaultShare: values.maxFaults, lora, storedType: storedTypes[values.saveDtype] },
    ...{ device: values.device, computeType: values.trainDtype, threads: values.threads },
    gradientCheckpointing: values.gradientCheckpointing,
    ...{ spikeFactor: values.spikeFactor, checkpointEvery: values.checkpointEvery },
  };
  const base = await openStart(model, { ...training, learningRate: 1 }, trainer, signal);
  const usual = defaultLearningRate(numParameters(base), { init: "pretrained", hasAdapter: lora !== undefined });
  return { ...training, learningRate: values.learningRate ?? usual, notes: base.notes };
}

function describe(
  values: FinetuneValues,
  options: Omit<FinetuneStageOptions, "directory">,
  inputs: Record<string, string>,
  { build }: OpenedPolicy,
) {
  const { policy, rewardModel, training, selection, numRounds = 1 } = options;
  const { maxFaultShare, threads, gradientCheckpointing, spikeFactor, checkpointEvery, device, ...identity } = training;
  const { heldOut, heldOutProblems, limit, keepPolicies } = values;
  return {
    stage: "finetune",
    options: {
      ...policyIdentity(values),
      ...options.prompt,
      ...options.sampling,
      ...{ selection: selection.rule, threshold: selection.threshold, numRounds, limit },
      ...{ numSolutions: options.numSolutions, numDivergenceSolutions: options.numDivergenceSolutions },
      problemsPerRound: options.problemsPerRound,
      heldOut: heldOutProblems === undefined ? heldOut : undefined,
      training: identity,
      split: formatStepRule(parseStepRule(values.split)),
      ...(rewardModel && {
        rewardModel: rewardModel.name,
        convention: rewardModel.opened.config.convention,
        aggregate: rewardModel.aggregate,
        rewardDtype: values.rewardDtype,
      }),
    },
    freeOptions: {
      ...policyFreedom(values),
      ...{ keepPolicies, maxFaultShare, gradientCheckpointing, spikeFactor, checkpointEvery },
    },
    seed: values.seed,
    inputs,
    models: {
      policy: policy.opened.fingerprint,
      ...(rewardModel && { rewardModel: rewardModel.opened.fingerprint }),
    },
    build: packageBuild(build),
    outputs: [...finetuneOutputs(numRounds), finetuneFile],
  };
}

/** What a person is told when a part of the run is complete. */
function recordText(record: FinetuneRecord): string {
  const { policy } = record.kind === "start" ? record : record.round;
  const accuracy = `greedy accuracy ${accuracyText(policy.accuracy)} on ${policy.n} held-out problems`;
  if (record.kind === "start") return `start: ${accuracy}`;
  const { roundIndex, rollout } = record.round;
  const { problemsUsed, problems, selected } = rollout;
  return `round ${roundIndex}: ${accuracy}; trained on ${selected} solutions of ${problemsUsed} of ${problems} problems`;
}

async function finetuneRun(
  run: RunDirectory,
  { training, heldOut, numShared }: FinetuneProblems,
  options: Omit<FinetuneStageOptions, "directory">,
  bars: FinetuneBars,
): Promise<SessionNumbers> {
  const startedAt = performance.now();
  const key = identityKey(run.manifest);
  const records = finetuneStage(training, { ...options, directory: run.path, key, progress: bars });
  let finetuning: Finetuning;
  for (;;) {
    const next = await records.next();
    if (next.done) {
      finetuning = next.value;
      break;
    }
    options.note?.(recordText(next.value));
  }
  await writeJson(run.file(finetuneFile), finetuning);
  const { rounds } = finetuning;
  const sum = (of: (round: Finetuning["rounds"][number]) => number) =>
    rounds.reduce((total, one) => total + of(one), 0);
  return {
    counts: {
      rounds: rounds.length,
      problems: training.length,
      heldOutProblems: heldOut.length,
      sharedProblems: numShared,
      solutions: sum(({ rollout }) => rollout.solutions),
      selected: sum(({ rollout }) => rollout.selected),
      updates: sum(({ training: { updates } }) => updates),
      trainedTokens: sum(({ training: { tokens } }) => tokens),
      peakMemoryBytes: peakMemoryBytes(),
    },
    timings: { ...bars.seconds, run: (performance.now() - startedAt) / 1000 },
  };
}

export function runFinetune(models: Partial<FinetuneModels> = {}): Run<typeof finetuneOptions> {
  const sources = { ...nativeModels, ...models };
  return async (values, given, surroundings) => {
    const { signal, stderr } = surroundings;
    const model = required("policy", values.policy, "a model directory or a .gguf file");
    const path = required("problems", values.problems, "a file with problems");
    const out = required("out", values.out, "the run directory");
    refuseIdle(values, given);
    const rewardName = needsScores(values.selection)
      ? required("reward-model", values.rewardModel, `--selection ${values.selection} goes by its scores`)
      : undefined;
    const problems = await finetuneProblems(path, values.heldOutProblems, values);
    const say = (text: string) => note(text, values, surroundings);
    if (problems.numShared > 0) say(`${problems.numShared} problems ask what held-out ones ask and are not trained on`);
    await refuseModelInside(out, "policy", model);
    await refuseModelInside(out, "reward-model", rewardName);
    const openPolicy = (name: string) => sources.openPolicy(name, policyOptionsOf(values, signal));
    const opened = await openPolicy(model);
    const { notes, ...training } = await trainingOf(model, values, sources, signal);
    const rewardModel = rewardName === undefined ? undefined : await openReward(rewardName, values, sources, signal);
    for (const text of new Set([...opened.notes, ...notes, ...(rewardModel?.opened.notes ?? [])])) say(text);
    const options: Omit<FinetuneStageOptions, "directory"> = {
      policy: { name: model, opened },
      ...{ openPolicy, trainer: sources.trainer, rewardModel, training, heldOut: problems.heldOut },
      selection: { rule: values.selection, threshold: values.threshold },
      numRounds: values.numRounds,
      numSolutions: values.numSolutions,
      problemsPerRound: values.problemsPerRound,
      sampling: solutionSampling(values),
      numDivergenceSolutions: values.divergenceSolutions,
      split: parseStepRule(values.split),
      prompt: promptSettings(values),
      seed: values.seed,
      keepPolicies: values.keepPolicies,
      ...{ note: say, signal },
    };
    checkFinetune(problems.training, { ...options, directory: out });
    const { heldOutProblems } = values;
    const inputs = { problems: path, ...(heldOutProblems !== undefined && { heldOutProblems }) };
    const bars = new FinetuneBars({ numRounds: values.numRounds, quiet: values.quiet, stream: stderr });
    await withRun(
      describe(values, options, inputs, opened),
      { ...values, out },
      surroundings,
      (run) => finetuneRun(run, problems, options, bars),
      finetuneSummaryForm,
    );
  };
}

async function openReward(
  name: string,
  values: FinetuneValues,
  { openRewardModel }: FinetuneModels,
  signal: AbortSignal,
): Promise<NonNullable<FinetuneStageOptions["rewardModel"]>> {
  const { convention, stepTag, device, rewardDtype, threads, kvMemory, split, aggregate } = values;
  const opened = await openRewardModel(name, {
    ...{ convention, stepTag, device, dtype: rewardDtype, threads, signal },
    kvMemoryBytes: kvMemory,
    split: parseStepRule(split),
  });
  return { name, opened, aggregate: aggregate ?? opened.config.aggregate };
}
