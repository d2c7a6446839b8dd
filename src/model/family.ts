/** The families one transformer serves, and what transformers assumes where their config.json is silent. */

export const families = ["llama", "mistral", "qwen2", "qwen3"] as const;
export type Family = (typeof families)[number];

export interface FamilyTraits {
  /** What the names of its classes in `architectures` begin with. */
  classPrefix: string;
  trainedLength: number;
  /** Head size where `head_dim` is absent; undefined = hidden size / heads. */
  headSize: number | undefined;
  /** q, k and v biases that no config field switches. */
  fixedAttentionBias: boolean;
  /** `attention_bias` is read. */
  readsAttentionBias: boolean;
  /** `mlp_bias` is read. */
  readsFeedForwardBias: boolean;
  queryKeyNorm: boolean;
}

export const familyTraits: Record<Family, FamilyTraits> = {
  llama: {
    classPrefix: "Llama",
    trainedLength: 2048,
    headSize: undefined,
    fixedAttentionBias: false,
    readsAttentionBias: true,
    readsFeedForwardBias: true,
    queryKeyNorm: false,
  },
  mistral: {
    classPrefix: "Mistral",
    trainedLength: 131072,
    headSize: undefined,
    fixedAttentionBias: false,
    readsAttentionBias: false,
    readsFeedForwardBias: false,
    queryKeyNorm: false,
  },
  qwen2: {
    classPrefix: "Qwen2",
    trainedLength: 32768,
    headSize: undefined,
    fixedAttentionBias: true,
    readsAttentionBias: false,
    readsFeedForwardBias: false,
    queryKeyNorm: false,
  },
  qwen3: {
    classPrefix: "Qwen3",
    trainedLength: 32768,
    headSize: 128,
    fixedAttentionBias: false,
    readsAttentionBias: true,
    readsFeedForwardBias: false,
    queryKeyNorm: true,
  },
};
