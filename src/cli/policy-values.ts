/** From option values to what policies and stages take, and to what a manifest records. */
import { ErprmError } from "../errors.js";
import { weightsOn } from "../policy/device.js";
import type { RolloutPolicyOptions } from "../policy/open-rollout-policy.js";
import type { OpenedPolicy, PolicyOptions } from "../policy/policy.js";
import type { OpenedRolloutPolicy } from "../policy/rollout-policy.js";
import type { Sampling } from "../policy/sampling.js";
import type { PromptSettings } from "../text/prompt.js";
import type { OptionValues } from "./option.js";
import type { completionOptions, policyOptions, promptOptions, solutionOptions } from "./stage-options.js";

export type OpenPolicy = (model: string, options: PolicyOptions) => Promise<OpenedPolicy>;
/** For the stages that only sample. */
export type OpenRolloutPolicy = (model: string, options: RolloutPolicyOptions) => Promise<OpenedRolloutPolicy>;

type PolicyValues = OptionValues<typeof policyOptions>;
type PromptValues = OptionValues<typeof promptOptions>;
type SolutionValues = OptionValues<typeof solutionOptions>;
type CompletionValues = OptionValues<typeof completionOptions>;

/** @throws ERPRM_INVALID_ARGUMENT when the option was not given. */
export function required(name: string, value: string | undefined, what: string): string {
  if (value !== undefined && value !== "") return value;
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected --${name} to be given: ${what}`, { name });
}

export function policyOptionsOf(values: PolicyValues, signal: AbortSignal): PolicyOptions {
  return {
    device: values.device,
    dtype: values.dtype,
    threads: values.threads,
    maxBatch: values.batchSize,
    kvMemoryBytes: values.kvMemory,
    contextLength: values.contextLength,
    signal,
  };
}

/** What decides the bytes of the results, beside the model's fingerprint and the seed. */
export function policyIdentity({ device, dtype, contextLength }: PolicyValues): Record<string, unknown> {
  return { device, dtype: weightsOn(device, dtype), contextLength };
}

/** What does not. */
export function policyFreedom({ policy, threads, batchSize, kvMemory }: PolicyValues): Record<string, unknown> {
  return { policy, threads, batchSize, kvMemory };
}

export function promptSettings(values: PromptValues): PromptSettings {
  return { system: values.system, instruction: values.instruction, template: values.promptTemplate };
}

export function solutionSampling(values: Omit<SolutionValues, "numSolutions">): Sampling {
  const { temperature, topP, topK, minP, maxTokens, stop = [] } = values;
  return { temperature, topP, topK, minP, maxTokens, stop };
}

export function completionSampling(values: CompletionValues & Pick<SolutionValues, "stop">): Sampling {
  return {
    temperature: values.completionTemperature,
    topP: values.completionTopP,
    topK: values.completionTopK,
    minP: values.completionMinP,
    maxTokens: values.completionMaxTokens,
    stop: values.stop ?? [],
  };
}
