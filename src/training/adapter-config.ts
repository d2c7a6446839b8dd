/**
 * adapter_config.json of a LoRA adapter, ours or one that the PEFT library wrote: rank, factor and layers. What a config
 * may say beyond W + (alpha / r) B A on whole layers of the seven names is refused by name, since an adapter of which a
 * part is passed over is another adapter.
 */
import { Fields } from "../model/fields.js";
import { failCheckpoint } from "../model/stored-tensor.js";
import { type Lora, type LoraTarget, loraTargets } from "./lora.js";

export interface AdapterConfig {
  lora: Lora;
  /** The base model as the config names it: a path or a name of where the adapter was trained. */
  basePath?: string;
  /** What of the config has no effect here, for people. */
  notes: string[];
}

/** Fields that must say nothing, with what they ask for when they do. */
const mustBeEmpty: Record<string, string> = {
  rank_pattern: "ranks that differ between layers",
  alpha_pattern: "factors that differ between layers",
  layers_to_transform: "adapters on some layers only",
  exclude_modules: "adapters on some layers only",
  layer_replication: "layers that stand in the network twice",
  target_parameters: "adapters on parameters of other modules",
  trainable_token_indices: "new rows of the embedding",
  alora_invocation_tokens: "adapters that begin at certain tokens",
  arrow_config: "a choice among several adapters",
  lora_bias: "biases in the adapters",
  fan_in_fan_out: "weights that are stored transposed",
};

/** Ways to begin an adapter that leave the base model as it is; others change the base, which then is not in its files. */
const harmlessBeginnings: readonly unknown[] = [true, false, "gaussian", "eva", "orthogonal"];

/** The layers of a reward model's head, which PEFT stores whole; `classifier` is what other architectures call it. */
const headNames: readonly unknown[] = ["score", "classifier"];

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);

/**
 * @param path of the file that `values` came from, for messages
 * @throws ERPRM_INVALID_CHECKPOINT {file, field} for anything that is not computed here
 */
export function readAdapterConfig(path: string, values: Readonly<Record<string, unknown>>): AdapterConfig {
  const fields = new Fields(path, values);
  if (fields.get("peft_type") !== "LORA") fields.fail("peft_type", '"LORA"', fields.get("peft_type"));
  for (const name of fields.keys()) {
    const what = mustBeEmpty[name] ?? (name.startsWith("use_") && name !== "use_rslora" ? "another method" : undefined);
    if (what !== undefined && !isEmpty(fields.get(name))) refuse(fields, name, what);
  }
  if ((fields.get("bias") ?? "none") !== "none") refuse(fields, "bias", "trained biases of the base model");
  if (!harmlessBeginnings.includes(fields.get("init_lora_weights") ?? true)) {
    refuse(fields, "init_lora_weights", "a base model that was changed before it was trained");
  }
  expectHeadOnly(fields);

  const rank = fields.positiveInteger("r");
  const alpha = fields.positiveNumber("lora_alpha");
  // Rank-stabilised: alpha / sqrt(r) in the place of alpha / r.
  const stabilised = fields.boolean("use_rslora", false);
  const basePath = fields.get("base_model_name_or_path");
  const dropout = fields.get("lora_dropout") ?? 0;
  return {
    lora: { rank, alpha: stabilised ? alpha * Math.sqrt(rank) : alpha, targets: targetsOf(fields) },
    ...(typeof basePath === "string" && basePath !== "" && { basePath }),
    notes:
      dropout === 0 ? [] : [`${path}: lora_dropout ${JSON.stringify(dropout)} has no effect: nothing is dropped here`],
  };
}

function refuse(fields: Fields, field: string, what: string): never {
  const received = fields.get(field);
  failCheckpoint(
    fields.file,
    `Expected a plain LoRA adapter, found ${field} ${(JSON.stringify(received) ?? "").slice(0, 80)} (${what}), which is not computed here: merge the adapter into its base model with PEFT (merge_and_unload) and train that`,
    { field, received },
  );
}

function expectHeadOnly(fields: Fields): void {
  const saved = fields.get("modules_to_save");
  if (saved === undefined) return;
  if (Array.isArray(saved) && saved.every((name) => headNames.includes(name))) return;
  refuse(
    fields,
    "modules_to_save",
    "layers beside the adapter; a value head, score, is the only one that there may be",
  );
}

function targetsOf(fields: Fields): LoraTarget[] {
  const names = fields.get("target_modules");
  const expected = `a list of some of ${loraTargets.join(", ")}`;
  const isList = Array.isArray(names) && names.length > 0;
  if (!isList || !names.every((name) => loraTargets.includes(name))) fields.fail("target_modules", expected, names);
  return loraTargets.filter((target) => names.includes(target));
}
