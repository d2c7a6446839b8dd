/** Prompts in, rollouts out, in input order: what `Policy.rollout` does on top of trunks. */
import { expectInteger, expectPositiveInteger, failArgument } from "../check.js";
import type { FinishReason } from "../types.js";
import { inOrder } from "./in-order.js";
import type { Policy } from "./policy.js";
import { completeSampling, type Sampling } from "./sampling.js";
import { promptCompletions } from "./trunk.js";

/** Token ids of several sequences, end to end: sequence i is `values[offsets[i] .. offsets[i + 1])`. */
export interface RaggedTokens {
  values: Int32Array;
  offsets: Int32Array;
}

export type Prompts = RaggedTokens | readonly string[];

export interface RolloutOptions extends Partial<Sampling> {
  /** Completions of each prompt, default 1. */
  numCompletions?: number;
  /** Default 0. Draws are a function of (seed, prompt index, completion index, token index). */
  seed?: number;
  signal?: AbortSignal | undefined;
}

export interface Rollout {
  promptIndex: number;
  completionIndex: number;
  tokenIds: Int32Array;
  logProbabilities: Float32Array;
  /** The tokens' text, special tokens left out. */
  text: string;
  finishReason: FinishReason;
}

/** The token ids of each prompt. @throws ERPRM_INVALID_ARGUMENT for offsets that are none, an id outside the vocabulary */
export function promptIds(policy: Policy, prompts: Prompts): Int32Array[] {
  if (!("offsets" in prompts)) return prompts.map((text) => policy.text.encodePrompt(text));
  const { values, offsets } = prompts;
  if (offsets.length === 0 || offsets[0] !== 0) failArgument("offsets[0]", "0", offsets[0]);
  if (offsets[offsets.length - 1] !== values.length) {
    failArgument("the last offset", `the number of values, ${values.length},`, offsets[offsets.length - 1]);
  }
  for (const [i, id] of values.entries()) expectInteger(`values[${i}]`, id, 0, policy.vocabularySize - 1);
  return Array.from({ length: offsets.length - 1 }, (_, i) => {
    const [start, end] = [offsets[i] as number, offsets[i + 1] as number];
    if (end < start) failArgument(`offsets[${i + 1}]`, `at least offsets[${i}] = ${start}`, end);
    return values.slice(start, end);
  });
}

export async function* rolloutPrompts(
  policy: Policy,
  prompts: Prompts,
  options: RolloutOptions,
): AsyncGenerator<Rollout, void, undefined> {
  const sampling = completeSampling(options);
  const numCompletions = expectPositiveInteger("numCompletions", options.numCompletions ?? 1);
  const seed = options.seed ?? 0;
  const all = promptIds(policy, prompts);
  for (const [i, ids] of all.entries()) {
    if (ids.length === 0 || ids.length >= policy.contextLength) {
      failArgument(`prompts[${i}]`, `from 1 to ${policy.contextLength - 1} tokens long`, ids.length);
    }
  }
  const start = ([promptIndex, trunk]: [number, Int32Array], signal: AbortSignal) => {
    const asked = promptCompletions(promptIndex, trunk, numCompletions);
    const sampled = policy.rolloutTrunk({ ...asked, seed, sampling, signal });
    const result = sampled.then((groups) => ({ promptIndex, completions: groups[0] ?? [] }));
    return { weight: numCompletions, sampled, result };
  };
  const results = inOrder(all.entries(), start, { slots: policy.maxBatch, signal: options.signal });
  for await (const { promptIndex, completions } of results) {
    for (const [completionIndex, completion] of completions.entries()) {
      const text = policy.tokenizer.decode(completion.tokenIds, { skipSpecialTokens: true });
      yield { promptIndex, completionIndex, ...completion, text };
    }
  }
}
