/** A policy to sample from, by its name: files on this machine, or `openai:URL#MODEL`. */
import { Policy, type PolicyOptions } from "./policy.js";
import { isRemoteName } from "./remote/remote-name.js";
import type { RemotePolicyOptions } from "./remote/remote-options.js";
import type { OpenedRolloutPolicy } from "./rollout-policy.js";

/** Those of `PolicyOptions` are for models on this machine, those of `RemotePolicyOptions` for `openai:`; both have `contextLength` and `signal`. */
export type RolloutPolicyOptions = PolicyOptions & RemotePolicyOptions;

/** @throws as `Policy.open`, and for `openai:` as `openRemotePolicy` */
export async function openRolloutPolicy(
  name: string,
  options: RolloutPolicyOptions = {},
): Promise<OpenedRolloutPolicy> {
  if (!isRemoteName(name)) return Policy.open(name, options);
  // Loaded here: most programs talk to no server.
  const { openRemotePolicy } = await import("./remote/open-remote.js");
  return openRemotePolicy(name, options);
}
