/**
 * A policy: a language model that solutions and completions are sampled from. Text meets token ids here; everything
 * that computes is native. `dispose` frees the model's memory; until then the object holds it.
 */
import { availableParallelism } from "node:os";
import { expectInteger, expectPositiveInteger, failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import { expectUnchanged } from "../model/file-stamps.js";
import { type ResidentBytes, residentBytes } from "../model/resident-bytes.js";
import type { EngineStats, NativePolicy, WeightType } from "../native/contract.js";
import type { ChatTokenizer, TextModel } from "../text/text-model.js";
import { expectDevice, expectWeights, isAccelerator } from "./device.js";
import { abortedError, cancellable, nativeCall } from "./native-call.js";
import type { PolicyFigures, RolloutPolicy } from "./rollout-policy.js";
import { type Prompts, promptIds, type Rollout, type RolloutOptions, rolloutPrompts } from "./rollouts.js";
import { type Completion, completionsOf, type FollowedTrunkRequest, nativeRequest } from "./trunk.js";

export interface PolicyOptions {
  /** `cpu` (the default), `cuda` or `cuda:INDEX`, refused with ERPRM_DEVICE_UNAVAILABLE where there is none. */
  device?: string | undefined;
  /** How weights are held: `f32` (the CPU's default) or `int8`; on CUDA `bf16` (the default) or `f32`. */
  dtype?: WeightType | undefined;
  /** Default: as many as this process may use. Results do not depend on it. */
  threads?: number | undefined;
  /** Completions that run at the same time, default 64, on CUDA 512. Results do not depend on it, on CUDA but for rounding. */
  maxBatch?: number | undefined;
  /** Bound on the bytes of keys and values, default 2 GiB, on CUDA three quarters of what is free. Results depend on it as on `maxBatch`. */
  kvMemoryBytes?: number | undefined;
  /** Longest sequence in tokens; default and most: the model's own. */
  contextLength?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What a policy is made of, beside its native part. */
export interface PolicyParts {
  text: TextModel;
  /** Tokens of prompt and completion together. */
  contextLength: number;
  vocabularySize: number;
  maxBatch: number;
  /** Of the files it was loaded from. */
  fingerprint: string;
  /** What was noticed while loading and is harmless, in words for the user. */
  notes?: readonly string[];
}

/** A model that was found and checked. */
export interface OpenedPolicy {
  /** SHA-256 of the model's files, 64 hexadecimal digits. */
  fingerprint: string;
  /** Tokens of prompt and completion together. */
  contextLength: number;
  notes: readonly string[];
  /** The addon's build information, for the record. */
  build: Record<string, unknown>;
  /** What it takes at most when it is loaded; absent where nobody knows. */
  memory?: ResidentBytes;
  /** @throws ERPRM_INVALID_CHECKPOINT for files that were written since; ERPRM_OUT_OF_MEMORY, ERPRM_NUMERICAL (NaN in the weights), ERPRM_ABORTED */
  load(): Promise<Policy>;
}

const defaultMaxBatch = (device: string) => (isAccelerator(device) ? 512 : 64);
/** 0: three quarters of what the device has free. */
const defaultKvMemoryBytes = (device: string) => (isAccelerator(device) ? 0 : 2 * 2 ** 30);
const cpuPrefillChunk = 256;
/** Tokens of a pass that keep a card busy. */
const acceleratorPrefillChunk = 8192;
/** Rows of logits that the engine holds at a time. */
const logitRows = 128;

export class Policy implements RolloutPolicy {
  readonly trunkUnit = "token";
  readonly text: TextModel;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly maxBatch: number;
  /** SHA-256 of the model's files, 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly notes: readonly string[];
  readonly #native: NativePolicy;
  #nextRequestId = 0;
  #disposed: Promise<void> | undefined;

  /** For tests and other engines; users call `Policy.load`. */
  constructor(native: NativePolicy, parts: PolicyParts) {
    this.#native = native;
    this.text = parts.text;
    this.contextLength = parts.contextLength;
    this.vocabularySize = parts.vocabularySize;
    this.maxBatch = parts.maxBatch;
    this.fingerprint = parts.fingerprint;
    this.notes = parts.notes ?? [];
    // The model may have more ids than the tokenizer has tokens (padding), and the other way round.
    const size = Math.max(parts.vocabularySize, this.tokenizer.vocabularySize);
    const { values, offsets } = this.tokenizer.tokenBytes(size);
    native.setTokenBytes(values, offsets);
  }

  /**
   * Finds and checks a model without loading its weights: enough to know which run a directory holds.
   * @throws ERPRM_NOT_FOUND, ERPRM_INVALID_CHECKPOINT, ERPRM_INVALID_DATA (tokenizer), ERPRM_INVALID_ARGUMENT,
   *   ERPRM_DEVICE_UNAVAILABLE, ERPRM_NATIVE_MISSING, ERPRM_IO, ERPRM_ABORTED
   */
  static async open(model: string, options: PolicyOptions = {}): Promise<OpenedPolicy> {
    const device = options.device ?? "cpu";
    await expectDevice("device", device);
    const weights = expectWeights("dtype", device, options.dtype);
    const threads = expectPositiveInteger("threads", options.threads ?? availableParallelism());
    const maxBatch = expectPositiveInteger("maxBatch", options.maxBatch ?? defaultMaxBatch(device));
    if (options.kvMemoryBytes !== undefined) {
      expectInteger("kvMemoryBytes", options.kvMemoryBytes, 1, Number.MAX_SAFE_INTEGER);
    }
    const kvMemoryBytes = options.kvMemoryBytes ?? defaultKvMemoryBytes(device);
    const prefillChunk = isAccelerator(device) ? acceleratorPrefillChunk : cpuPrefillChunk;
    // Loaded here: a program that only reads labels needs neither the tokenizer library nor libtorch.
    const { openPolicyFiles } = await import("./open-policy.js");
    const { checkpoint, stamps, text, fingerprint, notes, addon } = await openPolicyFiles(model, options);
    const { contextLength, vocabularySize } = checkpoint.config;
    const load = async () => {
      if (options.signal?.aborted) throw abortedError(options.signal);
      await expectUnchanged(stamps);
      const native = await nativeCall(() =>
        addon.loadPolicy(checkpoint, { device, weights, threads, maxBatch, kvMemoryBytes, prefillChunk }),
      );
      return new Policy(native, { text, contextLength, vocabularySize, maxBatch, fingerprint, notes });
    };
    // Of this machine's memory: a card's is its own.
    const memory = isAccelerator(device)
      ? undefined
      : residentBytes(checkpoint, {
          ...{ weights, kvMemoryBytes, logitRows },
          forwardRows: maxBatch + prefillChunk,
          // Trunks are admitted up to twice as many as completions run, each of which has blocks of its own.
          numSequences: 3 * maxBatch,
        });
    return { fingerprint, contextLength, notes, build: { ...addon.buildInfo }, ...(memory && { memory }), load };
  }

  /**
   * Loads a model: a directory in Hugging Face layout or a .gguf file.
   * @throws as `open`; ERPRM_OUT_OF_MEMORY, ERPRM_NUMERICAL (NaN in the weights)
   */
  static async load(model: string, options: PolicyOptions = {}): Promise<Policy> {
    return (await Policy.open(model, options)).load();
  }

  get tokenizer(): ChatTokenizer {
    return this.text.tokenizer;
  }

  /**
   * Completions of prompts, in input order; many prompts are in flight at a time. Prompts are texts (encoded as they
   * are, with BOS where the tokenizer wants it) or ragged token ids.
   * @throws ERPRM_INVALID_ARGUMENT (options, an empty prompt or one that fills the context), ERPRM_ABORTED, ERPRM_DISPOSED
   */
  rollout(prompts: Prompts, options: RolloutOptions = {}): AsyncGenerator<Rollout, void, undefined> {
    return rolloutPrompts(this, prompts, options);
  }

  /**
   * The stages' way in: all completions of all groups of one trunk, by group.
   * @throws ERPRM_INVALID_ARGUMENT, ERPRM_OUT_OF_MEMORY (the key-value memory cannot hold the trunk and one completion),
   *   ERPRM_ABORTED, ERPRM_DISPOSED
   */
  async rolloutTrunk(request: FollowedTrunkRequest): Promise<Completion[][]> {
    this.#expectAlive();
    if (request.groups.length === 0) return [];
    const id = this.#nextRequestId++;
    const { contextLength, text } = this;
    const native = nativeRequest(request, id, { contextLength, stopTokenIds: text.stopTokenIds });
    const result = await cancellable(
      request.signal,
      () => this.#native.rollout(native),
      () => this.#native.cancel(id),
    );
    return completionsOf(result, request.groups);
  }

  /**
   * ln p of every token given those before it, at `temperature`; one value a token, nats; 0 for the first of a sequence.
   * @throws ERPRM_INVALID_ARGUMENT, ERPRM_DISPOSED
   */
  async logProbabilities(
    sequences: Prompts,
    { temperature = 1, signal }: { temperature?: number; signal?: AbortSignal } = {},
  ): Promise<Float32Array> {
    this.#expectAlive();
    if (signal?.aborted) throw abortedError(signal);
    if (!(temperature > 0 && Number.isFinite(temperature)))
      failArgument("temperature", "a number above 0", temperature);
    const all = promptIds(this, sequences);
    const offsets = new Int32Array(all.length + 1);
    for (const [i, ids] of all.entries()) offsets[i + 1] = (offsets[i] as number) + ids.length;
    const values = new Int32Array(offsets[all.length] as number);
    for (const [i, ids] of all.entries()) values.set(ids, offsets[i]);
    return nativeCall(() => this.#native.logProbabilities(values, offsets, temperature));
  }

  /** Counters of the engine since the policy was loaded. */
  stats(): EngineStats {
    this.#expectAlive();
    return this.#native.stats();
  }

  figures(): PolicyFigures {
    const { promptTokens, recomputedTokens, kvBytesPeak, busySeconds } = this.stats();
    return {
      counts: { promptTokensComputed: promptTokens, recomputedTokens, kvBytesPeak },
      timings: { engine: busySeconds },
    };
  }

  /** Frees the model. Idempotent; work in flight is finished first. */
  dispose(): Promise<void> {
    this.#disposed ??= nativeCall(() => this.#native.dispose());
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #expectAlive(): void {
    if (this.#disposed)
      throw new ErprmError("ERPRM_DISPOSED", "Expected a policy in use, received one that was disposed");
  }
}
