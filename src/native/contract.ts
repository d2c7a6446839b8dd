/**
 * The boundary: every type the native addon takes or gives, on one screen. Native code knows token ids, numbers and
 * file offsets; it never sees text, JSON or defaults. Ragged batches are `values` + `offsets` (offsets.length = count + 1).
 *
 * Checkpoint headers (safetensors JSON, GGUF metadata, config.json) are read by `src/model/`, which hands over a table of
 * where each tensor lies; native code maps the files and reads the numbers.
 */

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

export interface Checkpoint {
  config: ModelConfig;
  files: string[];
  tensors: TensorEntry[];
}

/** How weights are held: exact, or 8 bits a weight with one scale for 32 inputs of an output row. */
export const weightTypes = ["f32", "int8"] as const;
export type WeightType = (typeof weightTypes)[number];

export interface NativePolicyOptions {
  weights: WeightType;
  threads: number;
  /** Completions that run at the same time. */
  maxBatch: number;
  /** Bound on the bytes of keys and values; never exceeded. */
  kvMemoryBytes: number;
  /** Prompt tokens prefilled in one iteration. */
  prefillChunk: number;
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

export interface BuildInfo {
  libtorch: string;
  compiler: string;
  cuda: boolean;
  /** The instruction set the kernels run with here: `avx512`, `avx2` or `generic`. */
  kernels: string;
}

export interface NativeAddon {
  buildInfo: BuildInfo;
  /** Code -> category; compared with `errors.ts`. */
  errorCodes: Record<string, string>;
  loadPolicy(checkpoint: Checkpoint, options: NativePolicyOptions): Promise<NativePolicy>;
  /**
   * label[e, p] = (1/eta_e) ln(mean over k in [offsets[p], offsets[p+1]) of exp(eta_e * outcomes[k])); eta 0 is the mean.
   * outcomes f32 finite, offsets i32 [P+1], etas f64 [E] -> f32 [E, P].
   */
  logMeanExp(outcomes: Float32Array, offsets: Int32Array, etas: Float64Array): Promise<Float32Array>;
  /** The tensor as f32, row-major: for tests of the readers. */
  readTensor(
    path: string,
    type: TensorType,
    offset: number,
    shape: number[],
    interleavedHeads: number,
  ): Promise<Float32Array>;
}
