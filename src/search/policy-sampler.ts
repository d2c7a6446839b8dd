/**
 * Steps and solutions from a policy, for one problem. The completions of one prefix are one trunk to the engine, which
 * computes it once; equal prefixes in several slots share theirs. A step is sampled up to a text that may end it; where
 * it turns out that none has ended (a blank line in front, a display block that is open), sampling goes on from there.
 */
import type { Sampling } from "../policy/sampling.js";
import { type Completion, promptStepIndex, type TrunkRequest } from "../policy/trunk.js";
import { byteString, type RaggedBytes, utf8Decode, utf8Encode } from "../text/bytes.js";
import { cutSolution } from "../text/cut-solution.js";
import { isBlank } from "../text/split-steps.js";
import type { Prefix } from "./prefix.js";
import type { SampledStep, SolutionRequest, StepRequest } from "./search-tools.js";
import { firstStepEnd, type LocalStepRule, solutionBytes, stepStops } from "./step-end.js";

export interface PolicySamplerOptions {
  rollout: (request: TrunkRequest) => Promise<Completion[][]>;
  prompt: Int32Array;
  problemId: string;
  seed: number;
  /** `maxTokens` is that of a solution; `stop` ends one. */
  sampling: Sampling;
  rule: LocalStepRule;
  contextLength: number;
  tokenBytes: RaggedBytes;
  /** The tokens that end a solution. */
  stopTokenIds: readonly number[];
  signal?: AbortSignal | undefined;
}

/** A step in the making: the tokens behind its prefix so far. */
interface Draft {
  request: StepRequest;
  /** Index among the completions of its request. */
  completion: number;
  tokenIds: number[];
  logProbabilities: number[];
}

export class PolicySampler {
  readonly #options: PolicySamplerOptions;
  /** Most tokens of a solution, the context considered. */
  readonly #room: number;

  constructor(options: PolicySamplerOptions) {
    this.#options = options;
    this.#room = Math.min(options.sampling.maxTokens, options.contextLength - options.prompt.length);
  }

  /**
   * `StepSampler`. The draws of a completion are those of (slot, step index of the prefix's last step, completion index).
   * @throws as `Policy.rolloutTrunk`
   */
  sampleSteps = async (requests: readonly StepRequest[]): Promise<SampledStep[][]> => {
    const byPrefix = new Map<string, StepRequest[]>();
    for (const request of requests) {
      const key = request.prefix.tokenIds.join(" ");
      byPrefix.set(key, [...(byPrefix.get(key) ?? []), request]);
    }
    const sampled = new Map<StepRequest, SampledStep[]>();
    const trunks = [...byPrefix.values()].map(async (same) => {
      const completions = await this.#sampleTrunk(same);
      const settled = same.map((request, i) =>
        Promise.all(
          (completions[i] as Completion[]).map((one, index) => this.#settle(newDraft(request, index, one), one)),
        ),
      );
      for (const [i, steps] of (await Promise.all(settled)).entries()) sampled.set(same[i] as StepRequest, steps);
    });
    await Promise.all(trunks);
    return requests.map((request) => sampled.get(request) as SampledStep[]);
  };

  /**
   * `SolutionSampler`. The draws of solution i are those of the rollout stage: with the same seed and sampling, the very
   * same solutions.
   * @throws as `Policy.rolloutTrunk`
   */
  sampleSolutions = async ({ first, numSolutions, maxTokens }: SolutionRequest): Promise<SampledStep[]> => {
    const { prompt, rule, tokenBytes } = this.#options;
    const groups = Array.from({ length: numSolutions }, (_, i) => ({
      prefixLength: prompt.length,
      numCompletions: 1,
      solutionIndex: first + i,
      stepIndex: promptStepIndex,
      firstCompletion: 0,
    }));
    const completions = await this.#rollout(prompt, groups, Math.min(this.#room, maxTokens), []);
    return completions.flat().map(({ tokenIds, logProbabilities, finishReason }) => {
      const { steps, stepEnds } = cutSolution(tokenIds, tokenBytes, rule);
      const prefix = {
        steps,
        tokenIds: Array.from(tokenIds),
        stepEnds,
        logProbability: sum(logProbabilities),
        finishReason,
      };
      return { prefix, numTokens: tokenIds.length };
    });
  };

  #rollout(trunk: Int32Array, groups: TrunkRequest["groups"], maxTokens: number, stops: readonly string[]) {
    const { rollout, problemId, seed, sampling, signal } = this.#options;
    const stop = [...new Set([...sampling.stop, ...stops])];
    return rollout({ trunk, groups, problemId, seed, sampling: { ...sampling, maxTokens, stop }, signal });
  }

  /** The completions of requests for one prefix, by request. */
  #sampleTrunk(requests: readonly StepRequest[]): Promise<Completion[][]> {
    const first = requests[0] as StepRequest;
    const { prefix, level } = first;
    const trunk = this.#trunk(prefix.tokenIds);
    const groups = requests.map(({ slot, numCompletions }) => ({
      prefixLength: trunk.length,
      numCompletions,
      solutionIndex: slot,
      stepIndex: level + promptStepIndex,
      firstCompletion: 0,
    }));
    return this.#rollout(trunk, groups, this.#limit(first), stepStops(this.#options.rule));
  }

  /** Most tokens behind the prefix of a request. */
  #limit({ prefix, maxTokens }: StepRequest): number {
    return Math.min(this.#room - prefix.tokenIds.length, maxTokens);
  }

  /** What the tokens so far are: a step, the last step, or something to go on with. `last` brought the last of them. */
  async #settle(draft: Draft, last: Completion): Promise<SampledStep> {
    const { rule, tokenBytes, stopTokenIds, sampling } = this.#options;
    const { request, tokenIds: own } = draft;
    const numBefore = request.prefix.tokenIds.length;
    const { bytes, tokenEnds } = solutionBytes([...request.prefix.tokenIds, ...own], tokenBytes);
    const count = firstStepEnd({ bytes, tokenEnds }, numBefore, rule);
    const numTokens = own.length;
    const endsHere = count !== undefined && !this.#isBlankFrom(bytes, tokenEnds[count - 1] as number);
    if (endsHere) return { prefix: this.#extend(draft, count - numBefore, undefined), numTokens };
    const text = byteString(bytes.subarray(numBefore === 0 ? 0 : tokenEnds[numBefore - 1]));
    const stops = sampling.stop.map((stop) => byteString(utf8Encode(stop)));
    const ended = stopTokenIds.includes(own[numTokens - 1] as number) || stops.some((stop) => text.includes(stop));
    if (ended) return { prefix: this.#extend(draft, numTokens, "stop"), numTokens };
    if (count !== undefined) return { prefix: this.#extend(draft, count - numBefore, undefined), numTokens };
    if (last.finishReason === "length" || numTokens >= this.#limit(request)) {
      return { prefix: this.#extend(draft, numTokens, "length"), numTokens };
    }
    const more = await this.#goOn(draft);
    return this.#settle(extended(draft, more), more);
  }

  /** More tokens behind a draft in which no step has ended. Its draws follow those of its request's completions. */
  async #goOn({ request, completion, tokenIds: own }: Draft): Promise<Completion> {
    const { prefix, slot, level, numCompletions } = request;
    const trunk = this.#trunk([...prefix.tokenIds, ...own]);
    // No two parts of a level draw alike: the own tokens tell how often sampling went on, at most once a token.
    const group = {
      prefixLength: trunk.length,
      numCompletions: 1,
      solutionIndex: slot,
      stepIndex: level + promptStepIndex,
      firstCompletion: completion + numCompletions * own.length,
    };
    const left = this.#limit(request) - own.length;
    const [[more]] = (await this.#rollout(trunk, [group], left, stepStops(this.#options.rule))) as [[Completion]];
    return more;
  }

  /** The prefix and the first `count` tokens of the draft. */
  #extend({ request, tokenIds, logProbabilities }: Draft, count: number, finishReason: Prefix["finishReason"]): Prefix {
    const { prefix } = request;
    const kept = tokenIds.slice(0, count);
    const all = [...prefix.tokenIds, ...kept];
    const { bytes } = solutionBytes(kept, this.#options.tokenBytes);
    const text = utf8Decode(bytes);
    const logProbability = prefix.logProbability + sum(logProbabilities.slice(0, count));
    // White space and an end token are no step of their own.
    const joins = prefix.steps.length > 0 && isBlank(text, 0, text.length);
    const steps = joins ? [...prefix.steps.slice(0, -1), prefix.steps.at(-1) + text] : [...prefix.steps, text];
    const stepEnds = [...(joins ? prefix.stepEnds.slice(0, -1) : prefix.stepEnds), all.length];
    const reason = finishReason ?? (all.length >= this.#room ? "length" : undefined);
    return { steps, tokenIds: all, stepEnds, logProbability, ...(reason && { finishReason: reason }) };
  }

  #isBlankFrom(bytes: Uint8Array, start: number): boolean {
    const text = byteString(bytes.subarray(start));
    return isBlank(text, 0, text.length);
  }

  #trunk(tokenIds: readonly number[]): Int32Array {
    const { prompt } = this.#options;
    const trunk = new Int32Array(prompt.length + tokenIds.length);
    trunk.set(prompt);
    trunk.set(tokenIds, prompt.length);
    return trunk;
  }
}

function newDraft(request: StepRequest, completion: number, { tokenIds, logProbabilities }: Completion): Draft {
  return { request, completion, tokenIds: [...tokenIds], logProbabilities: [...logProbabilities] };
}

function extended(draft: Draft, { tokenIds, logProbabilities }: Completion): Draft {
  return {
    ...draft,
    tokenIds: [...draft.tokenIds, ...tokenIds],
    logProbabilities: [...draft.logProbabilities, ...logProbabilities],
  };
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
