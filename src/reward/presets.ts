/**
 * What published reward models were trained to read. A preset is a convention in texts; its token ids come from the model
 * at hand. Where exactly each of them reads its scores is told in docs/method.md.
 */
import { defaultInstruction } from "../text/prompt.js";
import type { RewardModelConfig } from "./convention.js";
import type { ConventionRequest } from "./resolve-convention.js";

export interface ConventionPreset {
  request: ConventionRequest;
  /** How the model's authors make one score of the steps' scores. */
  aggregate: RewardModelConfig["aggregate"];
  /** Of a Hugging Face model's `architectures`: names that end so are taken for models of this kind. */
  architecture?: string;
}

const questionAndSteps = { template: "{question} " };
const signs = { kind: "step-tag", tag: " ки", positive: " +", negative: " -", prompt: questionAndSteps } as const;

export const conventionPresets = {
  "math-shepherd": {
    request: { ...signs, layout: { afterTag: "\n", apart: false } },
    aggregate: "min",
  },
  "er-prm": {
    request: { ...signs, layout: { afterTag: "", apart: false } },
    aggregate: "min",
  },
  rlhflow: {
    request: { kind: "chat", positive: "+", negative: "-", prompt: { instruction: "" } },
    aggregate: "mean",
  },
  "qwen2.5-math-prm": {
    request: {
      kind: "classification",
      tag: "<extra_0>",
      positiveClass: 1,
      prompt: { system: defaultInstruction, instruction: "" },
      layout: { afterTag: "", apart: false },
    },
    aggregate: "product",
    architecture: "ForProcessRewardModel",
  },
  trl: {
    request: {
      kind: "classification",
      tag: "\n",
      positiveClass: 1,
      prompt: { template: "{question}" },
      layout: { afterTag: "", apart: true },
    },
    aggregate: "min",
    architecture: "ForTokenClassification",
  },
} as const satisfies Record<string, ConventionPreset>;

export type ConventionName = keyof typeof conventionPresets;
export const conventionNames = Object.keys(conventionPresets) as ConventionName[];

/** The preset of this name; undefined when there is none. */
export function presetNamed(name: string): ConventionPreset | undefined {
  return Object.hasOwn(conventionPresets, name) ? conventionPresets[name as ConventionName] : undefined;
}

/** The preset that the classes in a config's `architectures` stand for; undefined when they stand for none. */
export function presetOfArchitectures(architectures: readonly string[]): ConventionPreset | undefined {
  const presets: ConventionPreset[] = Object.values(conventionPresets);
  return presets.find(({ architecture }) => architecture && architectures.some((name) => name.endsWith(architecture)));
}
