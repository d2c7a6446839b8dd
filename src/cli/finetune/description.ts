/** Which run a fine-tuning is: what decides its results, and what does not. */
import type { RunDescription } from "../../data/run-directory.js";
import { finetuneFile } from "../../evaluation/finetuning.js";
import { weightsOn } from "../../policy/device.js";
import type { OpenedPolicy } from "../../policy/policy.js";
import { finetuneOutputs } from "../../stages/finetune.js";
import type { FinetuneStageOptions } from "../../stages/finetune-options.js";
import { formatStepRule, parseStepRule } from "../../text/step-rule.js";
import { packageBuild } from "../package-build.js";
import { policyFreedom, policyIdentity } from "../policy-values.js";
import type { FinetuneValues } from "./values.js";

export function describeFinetuning(
  values: FinetuneValues,
  options: Omit<FinetuneStageOptions, "directory">,
  inputs: Record<string, string>,
  { build }: OpenedPolicy,
): RunDescription {
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
        convention: rewardModel.opened.config.convention,
        aggregate: rewardModel.aggregate,
        rewardDtype: weightsOn(values.device, values.rewardDtype),
      }),
    },
    freeOptions: {
      ...policyFreedom(values),
      rewardModel: rewardModel?.name,
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
