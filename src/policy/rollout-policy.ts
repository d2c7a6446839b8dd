/**
 * What the sampling stages need of a policy, wherever its model runs: `Policy` (here, native) and `RemotePolicy` (behind a
 * completion server) are two. A stage hands over token ids and gets completions back; it never knows where they came from.
 *
 * A server may tell only the text of what it sampled. Such a completion stays text: encoding it would give tokens that
 * nobody sampled.
 */
import type { EngineStats } from "../native/contract.js";
import type { TextModel } from "../text/text-model.js";
import type { FinishReason } from "../types.js";
import type { TokenCompletion, TrunkRequest } from "./trunk.js";

/** A completion whose tokens are not known. */
export interface TextCompletion {
  /** What follows the prefix, special tokens left out. */
  text: string;
  finishReason: FinishReason;
}

export type SampledCompletion = TokenCompletion | TextCompletion;

export type RolloutStats = Pick<EngineStats, "promptTokens" | "completionTokens" | "completions">;

/** What came of one process's work, for the manifest. */
export interface PolicyFigures {
  counts: Record<string, number>;
  /** Seconds. */
  timings: Record<string, number>;
}

export interface RolloutPolicy {
  /** Prompts, and the tokenizer of trunks. */
  readonly text: TextModel;
  /** `byte`: there is no tokenizer; trunks are the UTF-8 of texts, one id a byte. */
  readonly trunkUnit: "token" | "byte";
  /** Prompt and completion together; Infinity where nobody knows. */
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** Pieces of work that have to be under way for nothing to stand still. */
  readonly maxBatch: number;
  /**
   * All completions of all groups of one trunk, by group.
   * @throws ERPRM_INVALID_ARGUMENT, ERPRM_OUT_OF_MEMORY, ERPRM_IO (a server that does not answer), ERPRM_ABORTED, ERPRM_DISPOSED
   */
  rolloutTrunk(request: TrunkRequest): Promise<SampledCompletion[][]>;
  /** Counters since the policy was loaded. */
  stats(): RolloutStats;
  figures(): PolicyFigures;
  /** What else the progress line should say. */
  progressNote?(): string;
  /** Idempotent. */
  dispose(): Promise<void>;
}

/** A policy that was found and checked. */
export interface OpenedRolloutPolicy {
  /** Stands for the model in the identity of a run. */
  fingerprint: string;
  /** What decides the results beside model, seed and sampling; absent: device, dtype and context length, as they were asked for. */
  identity?: Record<string, unknown>;
  notes: readonly string[];
  /** What computes, for the record. */
  build: Record<string, unknown>;
  load(): Promise<RolloutPolicy>;
}

export function isText(completion: SampledCompletion): completion is TextCompletion {
  return "text" in completion;
}

/** What follows the prefix, special tokens left out. */
export function completionText({ text }: Pick<RolloutPolicy, "text">, completion: SampledCompletion): string {
  if (isText(completion)) return completion.text;
  return text.tokenizer.decode(completion.tokenIds, { skipSpecialTokens: true });
}
