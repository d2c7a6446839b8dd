/** Policies behind test servers: quick to try again, and a folder with the servers' tokenizer. */
import type { ExecutionContext } from "ava";
import { openRemotePolicy } from "../../src/policy/remote/open-remote.js";
import type { RemotePolicyOptions } from "../../src/policy/remote/remote-options.js";
import type { RolloutPolicy } from "../../src/policy/rollout-policy.js";
import { byteTokenizerJson } from "./byte-tokenizer.js";
import { makeFolder } from "./folder.js";

/** Waits that a test can bear. */
export const quick = { backoff: { firstMs: 2, mostMs: 8 } } as const;

/** Disposed of when the test ends. */
export async function loadRemote(
  t: ExecutionContext,
  name: string,
  options: RemotePolicyOptions = {},
): Promise<RolloutPolicy> {
  const policy = await (await openRemotePolicy(name, { ...quick, ...options })).load();
  t.teardown(() => policy.dispose());
  return policy;
}

/** A model directory without weights whose tokenizer is that of the test servers. */
export function byteTokenizerFolder(t: Pick<ExecutionContext, "teardown">): string {
  return makeFolder(t, {
    "tokenizer.json": JSON.stringify(byteTokenizerJson(288)),
    "tokenizer_config.json": JSON.stringify({ eos_token: "<|end|>" }),
    "config.json": "{}",
  });
}
