/**
 * A reward model: scores the steps of solutions, all steps of a solution in one forward pass. How it is asked is its
 * convention (convention.ts); everything that computes is native.
 */
import { availableParallelism } from "node:os";
import { expectInteger, expectPositiveInteger } from "../check.js";
import { ErprmError } from "../errors.js";
import { expectUnchanged } from "../model/file-stamps.js";
import { type ResidentBytes, residentBytes } from "../model/resident-bytes.js";
import type { NativeRewardModel, WeightType } from "../native/contract.js";
import { expectDevice, expectWeights, isAccelerator } from "../policy/device.js";
import { abortedError, nativeCall } from "../policy/native-call.js";
import type { StepRule } from "../text/step-rule.js";
import type { TextModel } from "../text/text-model.js";
import type { Convention, RewardKind, RewardModelConfig } from "./convention.js";
import type { EncodedSteps, StepText } from "./encode-steps.js";
import { encodeTagged, taggedTokens } from "./encode-tagged.js";
import type { ConventionChoice } from "./open-reward-model.js";
import { type Encoded, type Scored, scoreBatches } from "./score-batches.js";
import { SoundEncoder } from "./sound-encoder.js";
import { stepScore } from "./step-scores.js";

export interface RewardModelOptions extends ConventionChoice {
  /** `cpu` (the default), `cuda` or `cuda:INDEX`, refused with ERPRM_DEVICE_UNAVAILABLE where there is none. */
  device?: string | undefined;
  /** How weights are held: `f32` (the CPU's default) or `int8`; on CUDA `bf16` (the default) or `f32`. */
  dtype?: WeightType | undefined;
  /** Default: as many as this process may use. Scores do not depend on it. */
  threads?: number | undefined;
  /** Bound on the bytes of keys and values of a forward pass, default 2 GiB; CUDA keeps none. Scores do not depend on it. */
  kvMemoryBytes?: number | undefined;
  /** Longest sequence in tokens; default and most: the model's own. */
  contextLength?: number | undefined;
  /** How steps were cut: says which delimiter joins steps that lost theirs. Default `auto`. */
  split?: StepRule | undefined;
  signal?: AbortSignal | undefined;
}

/** What a reward model is made of, beside its native part. */
export interface RewardModelParts {
  /** As the user named it. */
  name: string;
  text: TextModel;
  config: RewardModelConfig;
  contextLength: number;
  fingerprint: string;
  split?: StepRule | undefined;
  notes?: readonly string[];
}

/** A reward model that was found and checked. */
export interface OpenedRewardModel {
  /** SHA-256 of the model's files, 64 hexadecimal digits. */
  fingerprint: string;
  config: RewardModelConfig;
  /** Tokens of a solution with its question. */
  contextLength: number;
  notes: readonly string[];
  /** The addon's build information, for the record. */
  build: Record<string, unknown>;
  /** What it takes at most when it is loaded; absent where nobody knows. */
  memory?: ResidentBytes;
  /** As `RewardModel.unfit`, without the weights: solutions can be checked before anything is loaded. */
  unfit(solution: StepText): string | undefined;
  /** @throws ERPRM_INVALID_CHECKPOINT for files that were written since; ERPRM_OUT_OF_MEMORY, ERPRM_NUMERICAL (NaN in the weights), ERPRM_ABORTED */
  load(): Promise<RewardModel>;
}

export interface ScoreOptions<A = unknown> {
  /** Most tokens of a forward pass, default 4096; a solution with more has a pass of its own. Scores do not depend on it. */
  tokenBudget?: number | undefined;
  /** Is told of each solution that `RewardModel.unfit` has a reason for; it is then left out. Default: see `score`. */
  onUnfit?: ((solution: A, reason: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const defaultKvMemoryBytes = 2 * 2 ** 30;
/** Rows that the engine takes through the network at a time. */
const forwardRows = 256;
export const defaultTokenBudget = 4096;

export class RewardModel {
  /** As it was named when it was loaded. */
  readonly name: string;
  readonly text: TextModel;
  readonly config: RewardModelConfig;
  readonly contextLength: number;
  /** SHA-256 of the model's files, 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly notes: readonly string[];
  readonly #native: NativeRewardModel;
  readonly #encoder: SoundEncoder;
  #disposed: Promise<void> | undefined;

  /** For tests and other engines; users call `RewardModel.load`. */
  constructor(native: NativeRewardModel, parts: RewardModelParts) {
    this.#native = native;
    this.name = parts.name;
    this.text = parts.text;
    this.config = parts.config;
    this.contextLength = parts.contextLength;
    this.fingerprint = parts.fingerprint;
    this.notes = parts.notes ?? [];
    this.#encoder = new SoundEncoder(parts);
  }

  /**
   * Finds and checks a model without loading its weights: enough to know which run a directory holds. The convention is that
   * of the options; else of the reward_model.json beside the weights; else that of the model's architecture.
   * @throws ERPRM_NOT_FOUND, ERPRM_INVALID_CHECKPOINT, ERPRM_INVALID_DATA (tokenizer, reward_model.json),
   *   ERPRM_INVALID_ARGUMENT (options; no convention, or one that does not fit the model), ERPRM_DEVICE_UNAVAILABLE,
   *   ERPRM_NATIVE_MISSING, ERPRM_IO, ERPRM_ABORTED
   */
  static async open(model: string, options: RewardModelOptions = {}): Promise<OpenedRewardModel> {
    const device = options.device ?? "cpu";
    await expectDevice("device", device);
    const weights = expectWeights("dtype", device, options.dtype);
    const threads = expectPositiveInteger("threads", options.threads ?? availableParallelism());
    const kvMemoryBytes = options.kvMemoryBytes ?? defaultKvMemoryBytes;
    expectInteger("kvMemoryBytes", kvMemoryBytes, 1, Number.MAX_SAFE_INTEGER);
    // Loaded here: a program that only reads scores needs neither the tokenizer library nor libtorch.
    const { openRewardModelFiles } = await import("./open-reward-model.js");
    const { checkpoint, stamps, text, config, fingerprint, notes, addon } = await openRewardModelFiles(model, options);
    const { contextLength } = checkpoint.config;
    const parts = { name: model, text, config, contextLength, fingerprint, notes, split: options.split };
    // What is wrong with the convention is said before the weights are loaded.
    const encoder = new SoundEncoder(parts);
    const candidates = candidateIds(config.convention);
    const load = async () => {
      if (options.signal?.aborted) throw abortedError(options.signal);
      await expectUnchanged(stamps);
      const native = await nativeCall(() =>
        addon.loadRewardModel(checkpoint, { device, weights, threads, kvMemoryBytes, candidates }),
      );
      return new RewardModel(native, parts);
    };
    // Of this machine's memory: a card's is its own.
    const memory = isAccelerator(device)
      ? undefined
      : residentBytes(checkpoint, {
          ...{ weights, kvMemoryBytes, forwardRows, logitRows: 0 },
          // As many as the bound on keys and values holds.
          numSequences: Number.POSITIVE_INFINITY,
        });
    return {
      fingerprint,
      config,
      contextLength,
      notes,
      build: { ...addon.buildInfo },
      ...(memory && { memory }),
      unfit: (solution) => encoder.unfit(solution),
      load,
    };
  }

  /**
   * Loads a model: a directory in Hugging Face layout or a .gguf file.
   * @throws as `open`; ERPRM_OUT_OF_MEMORY, ERPRM_NUMERICAL (NaN in the weights)
   */
  static async load(model: string, options: RewardModelOptions = {}): Promise<RewardModel> {
    return (await RewardModel.open(model, options)).load();
  }

  /** `process`: the label of every step is predicted; `outcome`: the outcome, which is the last step's score. */
  get kind(): RewardKind {
    return this.config.kind;
  }

  /**
   * One score in (0, 1) a step for each solution, in input order; f32 numbers. 0 and 1 themselves are never given: a score
   * that rounds to one of them is the f32 next to it. The score of a step has seen the question and the steps up to it, not
   * those after it. Of an outcome reward model the last score is the solution's; those before it are what it would give
   * the solution up to there.
   * @throws ERPRM_INVALID_DATA naming a solution that is longer than the context, or whose text the tokenizer does not keep;
   *   ERPRM_INVALID_ARGUMENT for one without steps; ERPRM_NUMERICAL, ERPRM_OUT_OF_MEMORY, ERPRM_ABORTED, ERPRM_DISPOSED
   */
  async scoreSteps(solutions: readonly StepText[], options: Omit<ScoreOptions, "onUnfit"> = {}): Promise<number[][]> {
    const all: number[][] = [];
    const named = solutions.map((solution, index) => ({ ...solution, what: `solutions[${index}]` }));
    for await (const { stepScores } of this.score(named, options)) all.push(stepScores);
    return all;
  }

  /**
   * The stages' way in: a stream of solutions, scored while the next ones are read, results in input order. `what` names a
   * solution in messages. Without `onUnfit` what can be computed is, whatever the text; what cannot ends the stream.
   * @throws as `scoreSteps`, at the place of the solution it is about; whatever the source and `onUnfit` throw
   */
  score<A extends StepText & { what: string }>(
    solutions: Iterable<A> | AsyncIterable<A>,
    { tokenBudget = defaultTokenBudget, onUnfit, signal }: ScoreOptions<A> = {},
  ): AsyncGenerator<Scored<A>, void, undefined> {
    this.#expectAlive();
    return scoreBatches(solutions, {
      tokenBudget: expectPositiveInteger("tokenBudget", tokenBudget),
      encode: (solution) => {
        if (!onUnfit) return this.#encoder.encode(solution);
        const encoded = this.#encoder.encodeSound(solution);
        if (typeof encoded !== "string") return encoded;
        onUnfit(solution, encoded);
        return undefined;
      },
      score: (batch) => this.#score(batch),
      signal,
    });
  }

  /**
   * What the model reads of a solution, for callers that make batches of their own (`scoreEncoded`).
   * @throws ERPRM_INVALID_DATA with the reason of `unfit`
   */
  encode(solution: StepText): EncodedSteps {
    const encoded = this.#encoder.encodeSound(solution);
    if (typeof encoded !== "string") return encoded;
    throw new ErprmError("ERPRM_INVALID_DATA", `Expected a solution that can be scored: ${encoded}`, {
      field: "steps",
      reason: encoded,
    });
  }

  /**
   * The same for text that was rendered for the model elsewhere, its steps marked by the model's tags, or for its tokens.
   * @throws ERPRM_INVALID_DATA for one without a tag, longer than the context, with tokens that the model has not, or that
   *   the tokenizer does not keep; ERPRM_INVALID_ARGUMENT for a model without a step tag
   */
  encodeTagged(text: string | Int32Array): EncodedSteps {
    const { convention } = this.config;
    const encoded =
      typeof text === "string" ? encodeTagged(this.text, text, convention) : taggedTokens(text, convention);
    if (typeof text !== "string") {
      const unknown = text.find((id) => this.text.tokenizer.idToToken(id) === undefined);
      if (unknown !== undefined) {
        throw new ErprmError("ERPRM_INVALID_DATA", `Expected tokens of the model's vocabulary, received ${unknown}`);
      }
    }
    return this.#encoder.expectFits(encoded, "the text");
  }

  /**
   * The step scores of solutions in one forward pass. A pass that has begun is not stopped.
   * @throws ERPRM_NUMERICAL, ERPRM_OUT_OF_MEMORY, ERPRM_DISPOSED
   */
  async scoreEncoded(batch: readonly EncodedSteps[]): Promise<number[][]> {
    if (batch.length === 0) return [];
    return this.#score(batch.map((encoded, i) => ({ ...encoded, value: { what: `solution ${i} of the batch` } })));
  }

  /** Frees the model. Idempotent; work in flight is finished first. */
  dispose(): Promise<void> {
    this.#disposed ??= nativeCall(() => this.#native.dispose());
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /**
   * Why the solution cannot be scored (it has no steps, is longer than the context, or its text gets lost in the
   * tokenizer), or not in a sound way (a step has no text, or the step tag stands in the text); undefined when it can.
   * @throws what is no fault of the solution
   */
  unfit(solution: StepText): string | undefined {
    return this.#encoder.unfit(solution);
  }

  /** One forward pass. */
  async #score(batch: readonly Encoded<{ what: string }>[]): Promise<number[][]> {
    this.#expectAlive();
    const { convention } = this.config;
    const { values, offsets, positions } = packed(batch);
    const logits = await nativeCall(() => this.#native.score(values, offsets, positions)).catch((error: unknown) => {
      throw named(error, batch);
    });
    const numOutputs = logits.length / positions.length;
    let row = 0;
    return batch.map(({ positions: own, value }) =>
      Array.from(own, (_, step) => {
        const score = stepScore(logits, numOutputs, row++, convention);
        if (Number.isFinite(score)) return score;
        throw new ErprmError(
          "ERPRM_NUMERICAL",
          `Expected finite logits, received others for step ${step} of ${value.what}`,
          {
            step,
          },
        );
      }),
    );
  }

  #expectAlive(): void {
    if (this.#disposed)
      throw new ErprmError("ERPRM_DISPOSED", "Expected a reward model in use, received one that was disposed");
  }
}

/** Native code knows the sequences of a batch by their numbers, the user by their names. */
function named(error: unknown, batch: readonly Encoded<{ what: string }>[]): unknown {
  if (!(error instanceof ErprmError) || typeof error.details.sequence !== "number") return error;
  const { code, message, details } = error;
  return new ErprmError(code, `${message}, in ${batch[error.details.sequence]?.value.what}`, details, error);
}

/** The rows of the output matrix that a convention reads; none of a value head. */
function candidateIds(convention: Convention): Int32Array {
  if (convention.kind === "classification") return new Int32Array(0);
  const { positive, negative } = convention.candidates;
  return Int32Array.from([...positive.tokenIds, ...negative.tokenIds]);
}

/** Sequences end to end; positions count from the first token of the first. */
function packed(batch: readonly EncodedSteps[]) {
  const offsets = new Int32Array(batch.length + 1);
  for (const [i, { tokenIds }] of batch.entries()) offsets[i + 1] = (offsets[i] as number) + tokenIds.length;
  const values = new Int32Array(offsets[batch.length] as number);
  for (const [i, { tokenIds }] of batch.entries()) values.set(tokenIds, offsets[i]);
  const positions = batch.flatMap((encoded, i) =>
    Array.from(encoded.positions, (position) => position + (offsets[i] as number)),
  );
  return { values, offsets, positions: Int32Array.from(positions) };
}
