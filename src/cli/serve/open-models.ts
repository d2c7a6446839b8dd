/** The models that the options name, found and checked; they are loaded while the service already listens. */
import { basename } from "node:path";
import { ErprmError } from "../../errors.js";
import type { Policy } from "../../policy/policy.js";
import type { RewardModel } from "../../reward/reward-model.js";
import { type LoadingModel, loadingModel } from "../../service/loading-model.js";
import { rewardModelFacts } from "../../service/model-facts.js";
import { ModelRegistry } from "../../service/models.js";
import type { OptionValues } from "../option.js";
import { type OpenPolicy, policyOptionsOf } from "../policy-values.js";
import { type OpenRewardModel, rewardModelOptionsOf } from "../score/reward-model-options.js";
import type { serveOptions } from "./options.js";

export type ServeValues = OptionValues<typeof serveOptions>;

/** `NAME=MODEL`, or a model that is called by the last part of its path. */
export function namedModel(given: string): { name: string; model: string } {
  const [, name, model] = /^([\w.:-]+)=(.+)$/.exec(given) ?? [];
  if (name !== undefined && model !== undefined) return { name, model };
  return { name: given.startsWith("builtin:") ? given : basename(given), model: given };
}

export interface ServedModels {
  registry: ModelRegistry;
  notes: string[];
  /** Loads one after the other. @throws as the models' `load` */
  load(): Promise<void>;
}

/** @throws ERPRM_INVALID_ARGUMENT for no model, or two of one name; as `RewardModel.open` and `Policy.open` */
export async function openModels(
  values: ServeValues,
  signal: AbortSignal,
  open: { rewardModel: OpenRewardModel; policy: OpenPolicy },
): Promise<ServedModels> {
  const { rewardModel: rewardModels = [], policy: policies = [] } = values;
  if (rewardModels.length + policies.length === 0) {
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      "Expected --reward-model or --policy to be given: a model to serve",
      {
        name: "reward-model",
      },
    );
  }
  const registry = new ModelRegistry();
  const notes: string[] = [];
  const loading: LoadingModel<RewardModel | Policy>[] = [];
  for (const { name, model } of rewardModels.map(namedModel)) {
    const opened = await open.rewardModel(model, rewardModelOptionsOf(values, signal));
    const served = loadingModel<RewardModel>(name, () => opened.load(), rewardModelFacts);
    notes.push(...opened.notes);
    registry.add({ kind: "reward-model", ...served });
    loading.push(served);
  }
  for (const { name, model } of policies.map(namedModel)) {
    const opened = await open.policy(model, policyOptionsOf({ ...values, policy: model, seed: 0 }, signal));
    const served = loadingModel<Policy>(
      name,
      () => opened.load(),
      ({ contextLength, fingerprint }) => ({
        max_model_len: contextLength,
        fingerprint,
      }),
    );
    notes.push(...opened.notes);
    registry.add({ kind: "policy", ...served });
    loading.push(served);
  }
  return {
    registry,
    notes,
    load: async () => {
      for (const model of loading) await model.load();
    },
  };
}
