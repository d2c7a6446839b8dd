/** The small models of the scoring tests: value heads of every class, and language models whose candidate rows are read. */
import { parityModels } from "./parity-models.js";
import type { RandomModel } from "./random-model.js";

export interface ScoringModel extends RandomModel {
  /** Empty: a value head. */
  candidates: number[];
}

const labels = (count: number) => ({
  id2label: Object.fromEntries(Array.from({ length: count }, (_, index) => [index, `LABEL_${index}`])),
  label2id: Object.fromEntries(Array.from({ length: count }, (_, index) => [`LABEL_${index}`, index])),
});

function withHead(name: string, className: string, numLabels: number): ScoringModel {
  const base = parityModels[name] as RandomModel;
  return {
    type: base.type,
    numFiles: base.numFiles,
    config: { ...base.config, architectures: [className], ...labels(numLabels) },
    candidates: [],
  };
}

const withCandidates = (name: string, candidates: number[]): ScoringModel => ({
  ...(parityModels[name] as RandomModel),
  candidates,
});

export const scoringModels: Record<string, ScoringModel> = {
  "llama-token-classification": withHead("llama-llama3-tied", "LlamaForTokenClassification", 2),
  "qwen3-token-classification": withHead("qwen3-linear", "Qwen3ForTokenClassification", 3),
  "mistral-sequence-classification": withHead("mistral-sliding", "MistralForSequenceClassification", 1),
  "qwen2-process-reward-model": withHead("qwen2-yarn-sliding", "Qwen2ForProcessRewardModel", 2),
  "llama-candidates": withCandidates("llama", [43, 45]),
  "llama-tied-candidates": withCandidates("llama-llama3-tied", [45, 200, 43]),
};
