/** What `GET /v1/models` says of a model: which one it is, and of a reward model how it is asked and what its scores mean. */
import type { OpenedPolicy } from "../policy/policy.js";
import type { RewardModel } from "../reward/reward-model.js";

/** @param dtype how its weights are held: its texts depend on it too */
export function policyFacts(
  { contextLength, fingerprint }: Pick<OpenedPolicy, "contextLength" | "fingerprint">,
  dtype: string,
): Record<string, unknown> {
  return { max_model_len: contextLength, fingerprint, dtype };
}

export function rewardModelFacts({
  config: { kind, convention, aggregate, training },
  contextLength,
  fingerprint,
}: Pick<RewardModel, "config" | "contextLength" | "fingerprint">): Record<string, unknown> {
  return {
    // As vLLM calls it.
    max_model_len: contextLength,
    fingerprint,
    predicts: kind,
    convention: convention.kind,
    ...(convention.kind !== "chat" && { stepTag: convention.tag.text }),
    aggregate,
    ...(training && { target: training.target }),
  };
}
