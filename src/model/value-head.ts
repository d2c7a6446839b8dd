/**
 * What stands above the last norm: the output matrix of a language model, or the value head of a reward model. The class in
 * `architectures` says which; where the head is stored, its tensors say how many outputs it has and whether it has a bias.
 */
import type { ValueHeadLayer } from "../native/contract.js";
import { type Family, familyTraits } from "./family.js";
import type { Fields } from "./fields.js";

/** The part of a class name after the family's: `LlamaForTokenClassification` is `TokenClassification`. */
export type HeadClass = "CausalLM" | "TokenClassification" | "SequenceClassification" | "ProcessRewardModel";

/** The class that `architectures` holds, for example `Qwen2ForCausalLM`. */
export function className(family: Family, head: HeadClass): string {
  return `${familyTraits[family].classPrefix}For${head}`;
}

const everyFamily: readonly HeadClass[] = ["CausalLM", "TokenClassification", "SequenceClassification"];

/** Qwen2.5-Math-PRM brings a class of its own; it exists for that family alone. */
function headClassesOf(family: Family): readonly HeadClass[] {
  return family === "qwen2" ? [...everyFamily, "ProcessRewardModel"] : everyFamily;
}

/** A config without `architectures` is a language model's. @throws ERPRM_INVALID_CHECKPOINT */
export function readHeadClass(fields: Fields, family: Family): HeadClass {
  const classes = fields.get("architectures");
  if (classes === undefined) return "CausalLM";
  const served = headClassesOf(family);
  const found = served.find((head) => Array.isArray(classes) && classes.includes(className(family, head)));
  return (
    found ??
    fields.fail("architectures", `one of ${served.map((head) => `["${className(family, head)}"]`).join(", ")}`, classes)
  );
}

/**
 * The layers of the head, none for a language model.
 * @param shapes of the stored tensors by name; empty for a model whose weights are yet to be drawn
 * @throws ERPRM_INVALID_CHECKPOINT when the stored head has not as many outputs as the config states labels
 */
export function readValueHead(
  fields: Fields,
  head: HeadClass,
  hiddenSize: number,
  shapes: ReadonlyMap<string, readonly number[]>,
): ValueHeadLayer[] {
  if (head === "CausalLM") return [];
  const stated = statedLabels(fields);
  const outputsOf = (name: string) => shapes.get(`${name}.weight`)?.[0];
  const last = head === "ProcessRewardModel" ? "score.2" : "score";
  const stored = outputsOf(last);
  if (stated && stored !== undefined && stored !== stated.count) {
    fields.fail(stated.field, `${stored} labels, the outputs of ${last}.weight`, stated.count);
  }
  const outputs = stored ?? stated?.count ?? 2;
  if (head === "ProcessRewardModel") {
    return [
      { name: "score.0", outputs: outputsOf("score.0") ?? hiddenSize, bias: true },
      { name: last, outputs, bias: true },
    ];
  }
  // transformers gives token classification a bias; older programs did not.
  const bias = head === "TokenClassification" && (shapes.size === 0 || shapes.has("score.bias"));
  return [{ name: last, outputs, bias }];
}

/** What the config says about the number of labels, if it says anything. */
function statedLabels(fields: Fields): { field: string; count: number } | undefined {
  if (fields.has("num_labels")) return { field: "num_labels", count: fields.positiveInteger("num_labels") };
  const names = fields.get("id2label");
  if (names === undefined) return undefined;
  const count = typeof names === "object" && names !== null ? Object.keys(names).length : 0;
  if (count === 0) fields.fail("id2label", "an object with a name for each label", names);
  return { field: "id2label", count };
}
