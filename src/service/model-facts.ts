/** What `GET /v1/models` says of a reward model: how it is asked and what its scores mean. */
import type { RewardModel } from "../reward/reward-model.js";

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
