/**
 * The boundary: every type the native addon takes or gives (those of ranks: rank-contract.ts). Native code knows token ids, numbers and
 * file offsets; it never sees text, JSON or defaults. Ragged batches are `values` + `offsets` (offsets.length = count + 1).
 *
 * Checkpoint headers (safetensors JSON, GGUF metadata, config.json) are read by `src/model/`, which hands over a table of
 * where each tensor lies; native code maps the files and reads the numbers.
 */

import type { NativeRankGroup, NativeRankOptions } from "./rank-contract.js";

export type { NativeRankGroup, NativeRankOptions } from "./rank-contract.js";

/** Storage types of tensors: plain floats, and the GGUF block formats. */
export const tensorTypes = [
  "F32",
  "F16",
  "BF16",
  "Q8_0",
  "Q4_0",
  "Q4_1",
  "Q5_0",
  "Q5_1",
  "Q4_K",
  "Q5_K",
  "Q6_K",
] as const;
export type TensorType = (typeof tensorTypes)[number];

/** Where one tensor lies. Names are those of Hugging Face checkpoints, whatever the file format. */
export interface TensorEntry {
  name: string;
  type: TensorType;
  /** Row-major, outermost first: a linear layer's weight is [outputs, inputs]. */
  shape: number[];
  /** Index into `Checkpoint.files`. */
  file: number;
  /** Bytes from the start of the file. */
  offset: number;
  /**
   * 0, or the number of heads whose rows are stored in interleaved (GGUF llama) RoPE order and must be brought back
   * to the half-split order: stored row 2i+j of a head is row i + j*headSize/2 (j = 0, 1).
   */
  interleavedHeads: number;
}

/** The architecture, as numbers. Family differences are data here, never a branch on a name in native code. */
export interface ModelConfig {
  numLayers: number;
  hiddenSize: number;
  intermediateSize: number;
  numHeads: number;
  numKvHeads: number;
  headSize: number;
  vocabularySize: number;
  /** Longest sequence in tokens. */
  contextLength: number;
  normEpsilon: number;
  /** [headSize / 2], radians a position, with every RoPE scaling already applied. */
  ropeInverseFrequencies: Float32Array;
  /** Factor on cos and sin (YaRN and LongRoPE attention scaling); 1 otherwise. */
  ropeScale: number;
  /** Keys a query sees in a sliding layer, its own included; 0 = no sliding window. */
  slidingWindow: number;
  /** [numLayers], 1 = the layer uses the sliding window. */
  slidingLayers: Uint8Array;
  /** The output matrix is the embedding matrix. */
  tiedEmbeddings: boolean;
  /** q, k and v projections have a bias. */
  attentionBias: boolean;
  /** The attention output projection has a bias. */
  attentionOutputBias: boolean;
  /** The three feed-forward projections have a bias. */
  feedForwardBias: boolean;
  /** RMS norm over each head of q and k before RoPE (Qwen3). */
  queryKeyNorm: boolean;
}

/** One layer of a value head: the tensors `name`.weight [outputs, inputs] and, with `bias`, `name`.bias [outputs]. */
export interface ValueHeadLayer {
  name: string;
  outputs: number;
  bias: boolean;
}

export interface Checkpoint {
  config: ModelConfig;
  files: string[];
  tensors: TensorEntry[];
  /** The layers of the value head that takes the place of the output matrix, a ReLU between them; empty: a language model. */
  valueHead: ValueHeadLayer[];
}

/**
 * How weights are held: exact; on the CPU as 8 bits a weight with one scale for 128 inputs of an output row; on CUDA as bf16
 * (activations, keys and values too; sums, norms and logits are f32).
 */
export const weightTypes = ["f32", "int8", "bf16"] as const;
export type WeightType = (typeof weightTypes)[number];

export interface NativePolicyOptions {
  /** `cpu` (absent: this), `cuda`, `cuda:INDEX`, or `cuda-emulated`: CUDA's kernels on the CPU, for tests. */
  device?: string;
  /** `f32` or `int8` on the CPU, `f32` or `bf16` on CUDA. */
  weights: WeightType;
  threads: number;
  /** Completions that run at the same time. */
  maxBatch: number;
  /** Bound on the bytes of keys and values; never exceeded. On CUDA 0: three quarters of what is free. */
  kvMemoryBytes: number;
  /** Prompt tokens prefilled in one iteration; on CUDA whole sequences, so that one may be longer. */
  prefillChunk: number;
  /** CUDA: tokens of a completion that are decoded between two looks of the host, 1 to 64; absent: 8. */
  burstTokens?: number;
}

/**
 * Roll out completions of prefixes of one trunk (a token string computed once).
 * Group g samples `numCompletions[g]` completions of `trunk[0 .. prefixLengths[g])`. Completion c of group g draws from the
 * stream (seed, problemKey, solutionIndices[g], stepIndices[g], firstCompletions[g] + c), one draw a token position.
 */
export interface NativeRolloutRequest {
  /** Chosen by the caller, unique among the requests in flight; names the request in `cancel`. */
  id: number;
  trunk: Int32Array;
  prefixLengths: Int32Array;
  numCompletions: Int32Array;
  solutionIndices: Int32Array;
  stepIndices: Int32Array;
  firstCompletions: Int32Array;
  seed: bigint;
  problemKey: bigint;
  /** 0 = greedy. */
  temperature: number;
  /** 0 = off. */
  topK: number;
  /** 1 = off. */
  topP: number;
  /** 0 = off. */
  minP: number;
  /** Most tokens a completion may have; the context bounds it too. */
  maxTokens: number;
  /** A completion ends with any of these tokens (the token is kept). */
  stopTokens: Int32Array;
  /** A completion ends with the token that completes any of these byte strings. Ragged; needs `setTokenBytes`. */
  stopBytes: Uint8Array;
  stopBytesOffsets: Int32Array;
  /**
   * Is given what was sampled, at most once an iteration (on CUDA, a burst) and always before the promise settles; never after it has. When
   * it throws, the request is cancelled and the promise rejects with what it threw. Absent: nothing is handed over early.
   */
  onTokens?: (tokens: NativeFreshTokens) => void;
  /** A: how many of the most probable tokens are told with every token that is handed over, up to the vocabulary; absent: 0. */
  numAlternatives?: number;
}

/** What was sampled for one request since it was last told: T tokens, those of one completion in their order. */
export interface NativeFreshTokens {
  /** [T] Index of the completion among the C of the result. */
  rows: Int32Array;
  tokens: Int32Array;
  /** As those of the result. */
  logProbabilities: Float32Array;
  /** [T] 0 = the completion goes on, 1 = this token ends it by a stop, 2 = by its length. */
  endings: Uint8Array;
  /** [T, A] The most probable tokens in each one's place, most probable first; the sampled one may be among them. */
  alternatives: Int32Array;
  /** [T, A] As `logProbabilities`. */
  alternativeLogProbabilities: Float32Array;
}

/** C = sum of numCompletions, ordered by group, then completion. */
export interface NativeRolloutResult {
  /** Ragged [C]. */
  values: Int32Array;
  offsets: Int32Array;
  /** One a token: ln p at the sampling temperature before truncation, nats (temperature 0: at temperature 1). */
  logProbabilities: Float32Array;
  /** [C], 0 = stop, 1 = length. */
  finishReasons: Uint8Array;
}

/** Counters of the engine since the policy was loaded. */
export interface EngineStats {
  /** Prompt tokens computed: trunk lengths, once a trunk. */
  promptTokens: number;
  /** Tokens sampled, those thrown away by recomputation not counted. */
  completionTokens: number;
  /** Completion tokens computed again after their memory was taken away. */
  recomputedTokens: number;
  /** Completions finished. */
  completions: number;
  /** Forward passes. */
  iterations: number;
  running: number;
  waiting: number;
  kvBytes: number;
  kvBytesPeak: number;
  /** Seconds spent inside the engine loop. */
  busySeconds: number;
}

export interface NativePolicy {
  /** Bytes of each token, ragged [V]: what stop strings are matched against. */
  setTokenBytes(values: Uint8Array, offsets: Int32Array): void;
  rollout(request: NativeRolloutRequest): Promise<NativeRolloutResult>;
  /** Makes the request's promise reject with ERPRM_ABORTED before the next iteration. Unknown ids are ignored. */
  cancel(id: number): void;
  /** One value a token, nats; the first token of each sequence is 0. */
  logProbabilities(values: Int32Array, offsets: Int32Array, temperature: number): Promise<Float32Array>;
  /** [tokens, V]: for parity tests on small models. */
  logits(values: Int32Array, offsets: Int32Array): Promise<Float32Array>;
  stats(): EngineStats;
  dispose(): Promise<void>;
}

export interface NativeRewardModelOptions {
  /** As of a policy. */
  device?: string;
  weights: WeightType;
  threads: number;
  /** Bound on the bytes of keys and values of one call; CUDA keeps none. */
  kvMemoryBytes: number;
  /** Rows of the output matrix whose logits are wanted, one or more; empty for a model with a value head. */
  candidates: Int32Array;
}

export interface NativeRewardModel {
  /**
   * One forward pass over packed sequences: logits [P, O] at `positions`, which are indices into `values`, ascending.
   * O = number of candidates, or outputs of the last layer of the value head.
   */
  score(values: Int32Array, offsets: Int32Array, positions: Int32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/**
 * What is trained towards at a position p with final hidden state h (h after the last norm), label v in [0, 1]:
 *   next-token  l = -ln softmax(W h)[token]                         W the output matrix [V, C]
 *   two-way     l = -(v ln p + (1 - v) ln(1 - p)),  p = softmax(w+ h, w- h)[0]   w+, w- the candidates' rows of W
 *   binary      l = -(v ln p + (1 - v) ln(1 - p)),  p = sigmoid(u h + b)         u [1, C], b [1] the value head
 *   squared     l = (p - v)^2,                      p = sigmoid(u h + b)
 * The outcome loss is one of the last three with the outcome as label, at the last step only.
 */
export const lossNames = ["next-token", "two-way", "binary", "squared"] as const;
export type LossName = (typeof lossNames)[number];

export interface NativeTrainerOptions {
  /** `cpu`, `cuda`, `cuda:INDEX` or `cuda-emulated`. */
  device: string;
  /** Type of activations and products: `f32`, or `bf16` on CUDA; weights and their moments are always f32. */
  computeType: "f32" | "bf16";
  threads: number;
  loss: LossName;
  /** [positive, negative] for `two-way`, else empty. */
  candidates: Int32Array;
  /** 0 = every parameter is trained; otherwise adapters of this rank on the linear layers of `loraTargets` (and the value head). */
  loraRank: number;
  loraAlpha: number;
  /** Last parts of linear layers' names: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj. */
  loraTargets: string[];
  /** Layers' activations are computed again in the backward pass instead of being kept. */
  gradientCheckpointing: boolean;
  /** All weights are drawn anew: N(0, initialRange^2), norms 1, biases 0; the checkpoint's tensors may be absent. */
  initialise: boolean;
  initialRange: number;
  /** Of drawn weights: all of them with `initialise`, otherwise a new value head and adapters. */
  seed: bigint;
}

/** Packed sequences, none attending to another; P positions in all. */
export interface NativeTrainingBatch {
  /** Ragged [S]. */
  values: Int32Array;
  offsets: Int32Array;
  /** [P] indices into `values`, ascending. */
  positions: Int32Array;
  /** [P] for `next-token`, else empty. */
  tokens: Int32Array;
  /** [P] in [0, 1] for the other losses, else empty. */
  labels: Float32Array;
  /** [P] at least 0: what is minimised is the sum over p of weights[p] * l_p. */
  weights: Float32Array;
}

export interface NativeTrainingResult {
  /** [P] l_p, unweighted. May hold NaN: the caller says which sequence it was. */
  losses: Float32Array;
  /** [P] p of the losses with labels; empty for `next-token`. */
  scores: Float32Array;
}

export interface NativeUpdateOptions {
  /** From 1; AdamW's bias correction depends on it. */
  updateIndex: number;
  learningRate: number;
  beta1: number;
  beta2: number;
  /** Above 0, as f32 too: parameters without a gradient are divided by it. */
  epsilon: number;
  /** Decoupled; norms and biases have none. */
  weightDecay: number;
  /** Gradients are scaled down to this norm; 0 = never. */
  maxGradientNorm: number;
}

/**
 * A tensor of a trainer, f32. Parameters have Hugging Face names (the value head: score.weight [1, C], score.bias [1]);
 * adapters NAME.lora_A.weight [rank, inputs] and NAME.lora_B.weight [outputs, rank]; AdamW's moments of a trained tensor
 * first_moment.NAME and second_moment.NAME.
 */
export interface TrainerTensor {
  name: string;
  shape: number[];
  kind: "parameter" | "adapter" | "moment";
  trained: boolean;
}

/** Where a trainer's tensor is to be written or read: `offset` in bytes. `merged`: the weight with its adapter added in. */
export interface TensorSlot {
  name: string;
  type: "F32" | "BF16" | "F16";
  offset: number;
  merged: boolean;
}

export interface NativeTrainer {
  tensors(): TrainerTensor[];
  /**
   * Forward and backward; adds the gradient of sum of weights[p] * l_p to what earlier calls left. A batch that does not
   * fit the model (ERPRM_INVALID_ARGUMENT) changes nothing; any other failure, such as ERPRM_OUT_OF_MEMORY, clears all
   * gradients: the update has to begin anew.
   */
  accumulate(batch: NativeTrainingBatch): Promise<NativeTrainingResult>;
  /** Forward only. */
  evaluate(batch: NativeTrainingBatch): Promise<NativeTrainingResult>;
  /**
   * Clips, applies AdamW, clears the gradients. The norm is that before clipping.
   * Rejects with ERPRM_NUMERICAL when it is not finite; weights and moments are then as before.
   */
  update(options: NativeUpdateOptions): Promise<{ gradientNorm: number }>;
  /** The gradient of a trained tensor as it stands, row-major: for parity tests. */
  gradient(name: string): Promise<Float32Array>;
  /** Writes tensors into a file that exists, in place. */
  writeTensors(path: string, slots: TensorSlot[]): Promise<void>;
  /** Rejects with ERPRM_INVALID_CHECKPOINT for numbers that are not finite. */
  readTensors(path: string, slots: TensorSlot[]): Promise<void>;
  /**
   * Of several ranks, all of which call it: adds the gradients of ranks 0 .. count - 1, each of one micro-batch, in their
   * order to the sum over earlier rounds, and clears those of this rank. Rejects as `NativeRankGroup.exchange`, and with
   * ERPRM_DEVICE_UNAVAILABLE where the gradients are not on the CPU.
   */
  addGradients(group: NativeRankGroup, count: number): Promise<void>;
  /** Gives every rank the sums as its gradients; the next round begins new ones. Rejects as `addGradients`. */
  shareGradients(group: NativeRankGroup): Promise<void>;
  /** Makes the trained tensors and their moments those of rank 0, bit for bit. Rejects as `addGradients`. */
  copyFromFirst(group: NativeRankGroup): Promise<void>;
  dispose(): Promise<void>;
}

export interface BuildInfo {
  libtorch: string;
  compiler: string;
  cuda: boolean;
  /** The instruction set the kernels run with here: `amx` (with `avx512`), `avx512`, `avx2` or `generic`. */
  kernels: string;
}

export interface NativeAddon {
  buildInfo: BuildInfo;
  /** Code -> category; compared with `errors.ts`. */
  errorCodes: Record<string, string>;
  loadPolicy(checkpoint: Checkpoint, options: NativePolicyOptions): Promise<NativePolicy>;
  loadRewardModel(checkpoint: Checkpoint, options: NativeRewardModelOptions): Promise<NativeRewardModel>;
  /**
   * A checkpoint without a value head gets one of one output where the loss wants it. Rejects with
   * ERPRM_INVALID_CHECKPOINT for any other head than `score`, of one layer and one output, and for any head with a loss
   * that reads the output matrix.
   */
  createTrainer(checkpoint: Checkpoint, options: NativeTrainerOptions): Promise<NativeTrainer>;
  /** Waits for the other ranks. Rejects with ERPRM_IO {what, rank} for ranks that do not come and a store that is not there. */
  joinRanks(options: NativeRankOptions): Promise<NativeRankGroup>;
  /**
   * label[e, p] = (1/eta_e) ln(mean over k in [offsets[p], offsets[p+1]) of exp(eta_e * outcomes[k])); eta 0 is the mean.
   * outcomes f32 finite, offsets i32 [P+1], etas f64 [E], none NaN -> f32 [E, P].
   */
  logMeanExp(outcomes: Float32Array, offsets: Int32Array, etas: Float64Array): Promise<Float32Array>;
  /** The tensor as f32, row-major: for what a trainer cannot read itself, and for tests of the readers. */
  readTensor(
    path: string,
    type: TensorType,
    offset: number,
    shape: number[],
    interleavedHeads: number,
  ): Promise<Float32Array>;
}
