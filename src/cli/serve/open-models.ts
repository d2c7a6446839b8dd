/** The models that the options name, found and checked; they are loaded while the service already listens. */
import { basename } from "node:path";
import { ErprmError } from "../../errors.js";
import { weightsOn } from "../../policy/device.js";
import type { Policy } from "../../policy/policy.js";
import type { RewardModel } from "../../reward/reward-model.js";
import { policyFacts, rewardModelFacts } from "../../service/model-facts.js";
import { type LazyModel, lazyModel } from "../../service/models/lazy-model.js";
import { ModelMemory } from "../../service/models/model-memory.js";
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
  memory: ModelMemory;
  /** Loads those that fit, one after the other. @throws as the models' `load` */
  load(): Promise<void>;
}

/**
 * @throws ERPRM_INVALID_ARGUMENT for no model, or two of one name; ERPRM_OUT_OF_MEMORY for one that --model-memory cannot hold;
 *   as `RewardModel.open` and `Policy.open`
 */
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
  const memory = new ModelMemory(values.modelMemory);
  const lazy: LazyModel<RewardModel | Policy>[] = [];
  for (const { name, model } of rewardModels.map(namedModel)) {
    const opened = await open.rewardModel(model, rewardModelOptionsOf(values, signal));
    const served = lazyModel<RewardModel>(name, opened, memory, rewardModelFacts(opened));
    notes.push(...opened.notes);
    registry.add({ kind: "reward-model", ...served });
    lazy.push(served);
  }
  for (const { name, model } of policies.map(namedModel)) {
    const opened = await open.policy(model, policyOptionsOf({ ...values, policy: model, seed: 0 }, signal));
    const served = lazyModel<Policy>(name, opened, memory, policyFacts(opened, weightsOn(values.device, values.dtype)));
    notes.push(...opened.notes);
    registry.add({ kind: "policy", ...served });
    lazy.push(served);
  }
  return {
    registry,
    notes,
    memory,
    load: async () => {
      for (const model of lazy) await model.load(signal);
    },
  };
}
