/** The policy of a command that only samples: on this machine, or behind servers. What a run's description says of it. */
import { ErprmError } from "../errors.js";
import { isRemoteName } from "../policy/remote/remote-name.js";
import type { OpenedRolloutPolicy } from "../policy/rollout-policy.js";
import type { OptionValues } from "./option.js";
import { type OpenRolloutPolicy, policyFreedom, policyIdentity, policyOptionsOf, required } from "./policy-values.js";
import {
  refuseFlagsOfOtherPolicies,
  remoteFreedom,
  remoteOptionsOf,
  type remotePolicyOptions,
} from "./remote-policy.js";
import type { Given, Surroundings } from "./stage-command.js";
import type { policyOptions } from "./stage-options.js";
import { note } from "./with-run.js";

type SamplingValues = OptionValues<typeof policyOptions> & OptionValues<typeof remotePolicyOptions>;

export interface SamplingPolicy {
  opened: OpenedRolloutPolicy;
  /** Options that decide the results. */
  identity: Record<string, unknown>;
  /** Options that do not. */
  freedom: Record<string, unknown>;
}

/** @throws ERPRM_INVALID_ARGUMENT without --policy, and for flags that have no effect on such a policy */
export function policyName(values: SamplingValues, given: Given): string {
  const name = required("policy", values.policy, "a model directory, a .gguf file or openai:URL#MODEL");
  refuseFlagsOfOtherPolicies(name, given);
  return name;
}

/** @throws ERPRM_INVALID_ARGUMENT for a policy behind servers, which workers do not ask: its servers are the many machines */
export function expectLocalPolicy(name: string): void {
  if (!isRemoteName(name)) return;
  const message = `Expected a model on the workers' machines with --queue, received ${name}: list its servers in --policy instead, or divide the problems with --shard`;
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: "queue" });
}

/** Tells the user what was noticed. @throws as `openRolloutPolicy`; ERPRM_IO for a key file that cannot be read */
export async function openSamplingPolicy(
  openPolicy: OpenRolloutPolicy,
  name: string,
  values: SamplingValues & { quiet: boolean },
  surroundings: Surroundings,
): Promise<SamplingPolicy> {
  const tell = (text: string) => note(text, values, surroundings);
  const remote = isRemoteName(name) ? { ...(await remoteOptionsOf(name, values)), tell } : {};
  const opened = await openPolicy(name, { ...policyOptionsOf(values, surroundings.signal), ...remote });
  for (const text of opened.notes) tell(text);
  return {
    opened,
    identity: opened.identity ?? policyIdentity(values),
    freedom: isRemoteName(name) ? remoteFreedom(name, values) : policyFreedom(values),
  };
}
