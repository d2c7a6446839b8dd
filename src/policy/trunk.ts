/** What a stage asks of a policy: completions of prefixes of one token string, the trunk, which is computed once. */
import { expectInteger, expectPositiveInteger } from "../check.js";
import type { NativeFreshTokens, NativeRolloutRequest, NativeRolloutResult } from "../native/contract.js";
import type { FinishReason } from "../types.js";
import { problemKeyOf } from "./problem-key.js";
import type { Sampling } from "./sampling.js";

/** The step index under which whole solutions draw: step -1 is the prompt. */
export const promptStepIndex = -1;

export interface TrunkGroup {
  /** Tokens of the trunk that the completions continue, at least 1. */
  prefixLength: number;
  numCompletions: number;
  /** Coordinates of the random stream, beside the problem and the seed. */
  solutionIndex: number;
  /** The prefix ends with this step; `promptStepIndex` for whole solutions. */
  stepIndex: number;
  /** Index of the group's first completion in the random stream. */
  firstCompletion: number;
}

export interface TrunkRequest {
  trunk: Int32Array;
  groups: readonly TrunkGroup[];
  problemId: string;
  /** An integer from 0 to 2^53 - 1. */
  seed: number;
  sampling: Sampling;
  signal?: AbortSignal | undefined;
}

/** With somebody who is told of tokens before the completions are whole. Our own engine does. */
export interface FollowedTrunkRequest extends TrunkRequest {
  /**
   * Is told what was sampled while the engine goes on, once an iteration at most and before the promise settles; rows count
   * the completions of all groups, group by group. What it throws ends the work and rejects the promise.
   */
  onTokens?: ((tokens: FreshTokens) => void) | undefined;
  /** With every token that `onTokens` is told, so many of the most probable ones in its place; default 0. */
  numAlternatives?: number | undefined;
}

/**
 * Completions of a plain prompt, one of several: under these coordinates the same seed gives the same text to all who ask
 * for it, the whole number at once or piece by piece.
 */
export function promptCompletions(
  promptIndex: number,
  prompt: Int32Array,
  numCompletions: number,
  firstCompletion = 0,
): Pick<TrunkRequest, "trunk" | "groups" | "problemId"> {
  const coordinates = { solutionIndex: 0, stepIndex: promptStepIndex, firstCompletion };
  return {
    trunk: prompt,
    groups: [{ prefixLength: prompt.length, numCompletions, ...coordinates }],
    problemId: `prompt ${promptIndex}`,
  };
}

/** What the engine sampled for one trunk since it last told: see `NativeFreshTokens`. */
export type FreshTokens = NativeFreshTokens;

/** One completion: the tokens after its prefix. */
export interface TokenCompletion {
  /** The end token is the last one when the completion ended with one. */
  tokenIds: Int32Array;
  /** ln p of each token at the sampling temperature before truncation, nats; absent where nobody told. */
  logProbabilities?: Float32Array;
  finishReason: FinishReason;
}

/** What our own engine samples. */
export interface Completion extends TokenCompletion {
  logProbabilities: Float32Array;
}

/**
 * @param contextLength tokens of prefix and completion together
 * @throws ERPRM_INVALID_ARGUMENT for a group outside the trunk, a prefix that leaves no room in the context, a count or an index
 *   that is none, a seed out of range
 */
export function checkTrunkRequest({ trunk, groups, seed }: TrunkRequest, contextLength: number): void {
  expectInteger("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  for (const [g, group] of groups.entries()) {
    expectInteger(`groups[${g}].prefixLength`, group.prefixLength, 1, Math.min(trunk.length, contextLength - 1));
    expectPositiveInteger(`groups[${g}].numCompletions`, group.numCompletions);
    expectInteger(`groups[${g}].solutionIndex`, group.solutionIndex);
    expectInteger(`groups[${g}].stepIndex`, group.stepIndex, promptStepIndex);
    expectInteger(`groups[${g}].firstCompletion`, group.firstCompletion);
  }
}

/** @param policy its end tokens hold where the sampling names none */
export function nativeRequest(
  request: FollowedTrunkRequest,
  id: number,
  policy: { stopTokenIds: readonly number[]; contextLength: number },
): NativeRolloutRequest {
  checkTrunkRequest(request, policy.contextLength);
  const { trunk, groups, sampling } = request;
  const column = (name: keyof TrunkGroup) => Int32Array.from(groups, (group) => group[name]);
  const stop = sampling.stop.map((text) => Buffer.from(text, "utf8"));
  const stopBytesOffsets = new Int32Array(stop.length + 1);
  for (const [i, bytes] of stop.entries()) stopBytesOffsets[i + 1] = (stopBytesOffsets[i] as number) + bytes.length;
  return {
    id,
    trunk,
    prefixLengths: column("prefixLength"),
    numCompletions: column("numCompletions"),
    solutionIndices: column("solutionIndex"),
    stepIndices: column("stepIndex"),
    firstCompletions: column("firstCompletion"),
    seed: BigInt(request.seed),
    problemKey: problemKeyOf(request.problemId),
    temperature: sampling.temperature,
    topK: sampling.topK,
    topP: sampling.topP,
    minP: sampling.minP,
    maxTokens: sampling.maxTokens,
    stopTokens: Int32Array.from(sampling.stopTokenIds ?? policy.stopTokenIds),
    stopBytes: Uint8Array.from(Buffer.concat(stop)),
    stopBytesOffsets,
    ...(request.onTokens && { onTokens: request.onTokens }),
    ...(request.numAlternatives !== undefined && { numAlternatives: request.numAlternatives }),
  };
}

/** The completions of each group, in the groups' order. */
export function completionsOf(result: NativeRolloutResult, groups: readonly TrunkGroup[]): Completion[][] {
  let next = 0;
  return groups.map(({ numCompletions }) =>
    Array.from({ length: numCompletions }, () => {
      const [start, end] = [result.offsets[next] as number, result.offsets[next + 1] as number];
      const finishReason = result.finishReasons[next] === 0 ? "stop" : "length";
      next += 1;
      return {
        tokenIds: result.values.slice(start, end),
        logProbabilities: result.logProbabilities.slice(start, end),
        finishReason,
      };
    }),
  );
}
