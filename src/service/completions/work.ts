/** From a request's fields to what the engine is asked for, with every limit checked by name. */
import { randomInt } from "node:crypto";
import type { Policy } from "../../policy/policy.js";
import { completeSampling, defaultSampling, type Sampling } from "../../policy/sampling.js";
import { wellFormed } from "../../text/bytes.js";
import { requestError } from "../http-status.js";
import { Pauses } from "../scoring/pauses.js";
import type { PromptInput } from "./prompts.js";
import type { CompletionBody } from "./request.js";
import type { StopTexts } from "./text-stream.js";

/** What a request may ask for. */
export interface CompletionLimits {
  /** Completions of one request: prompts times n. */
  maxCompletions: number;
  /** Tokens of one completion. */
  maxCompletionTokens: number;
  /** Tokens that a request is told, those beside the sampled ones too. */
  maxRequestTokens: number;
  /** Characters of one prompt. */
  maxCharacters: number;
}

/** What a request says without a model. */
export interface AskedWork {
  prompts: PromptInput;
  numPrompts: number;
  /** Completions of each prompt. */
  n: number;
  seed: number;
  stop: StopTexts;
  body: CompletionBody;
}

/** What the engine gets. Completion c of prompt p has index p n + c and draws as that of `Policy.rollout` does. */
export interface CompletionWork {
  /** Token ids by prompt. */
  prompts: Int32Array[];
  n: number;
  seed: number;
  sampling: Sampling;
  /** Of the most probable tokens beside each sampled one. */
  numAlternatives: number;
}

const defaultMaxTokens = 16;

/** @throws a request error {status: 400, field} */
export function askedWork(body: CompletionBody, prompts: PromptInput, limits: CompletionLimits): AskedWork {
  const numPrompts = (prompts.texts ?? prompts.tokenIds).length;
  const n = body.n ?? 1;
  expectAtMost("n", n, limits.maxCompletions, "completions of a request");
  expectAtMost("prompt", numPrompts * n, limits.maxCompletions, "completions of a request (prompts times n)");
  expectAtMost("max_tokens", body.max_tokens ?? 1, limits.maxCompletionTokens, "tokens of a completion");
  if (typeof body.best_of === "number" && body.best_of !== n) {
    throw refused("best_of", `Not supported by this server: expected n, ${n}, or no such field`);
  }
  if (body.stream_options && body.stream !== true) throw refused("stream_options", "expected with stream: true only");
  const stops = typeof body.stop === "string" ? [body.stop] : (body.stop ?? []);
  return {
    prompts,
    numPrompts,
    n,
    seed: body.seed ?? randomInt(2 ** 48 - 1),
    stop: { texts: stops.map(wellFormed), kept: body.include_stop_str_in_output ?? false },
    body,
  };
}

/** @throws a request error {status: 400, field} */
export async function completionWork(
  asked: AskedWork,
  policy: Policy,
  limits: CompletionLimits,
): Promise<CompletionWork> {
  const { body, n, seed, stop } = asked;
  const { stopTokenIds } = policy.text;
  for (const [i, id] of (body.stop_token_ids ?? []).entries()) {
    expectAtMost(`stop_token_ids[${i}]`, id, policy.vocabularySize - 1, "the vocabulary's last id");
  }
  const sampling = completeSampling({
    temperature: body.temperature ?? defaultSampling.temperature,
    topP: body.top_p ?? defaultSampling.topP,
    topK: Math.max(body.top_k ?? 0, 0),
    minP: body.min_p ?? defaultSampling.minP,
    maxTokens: body.max_tokens ?? defaultMaxTokens,
    stop: stop.texts,
    stopTokenIds: [...(body.ignore_eos ? [] : stopTokenIds), ...(body.stop_token_ids ?? [])],
  });
  const prompts = await encodePrompts(asked.prompts, policy, limits);
  const numAlternatives = body.logprobs ?? 0;
  const mostTokens = prompts.reduce(
    (sum, { length }) => sum + n * Math.min(sampling.maxTokens, policy.contextLength - length),
    0,
  );
  const what = "tokens that a request is told: completions times max_tokens, times 1 + logprobs";
  expectAtMost("max_tokens", mostTokens * (1 + numAlternatives), limits.maxRequestTokens, what);
  return { prompts, n, seed, sampling, numAlternatives };
}

async function encodePrompts({ texts, tokenIds }: PromptInput, policy: Policy, limits: CompletionLimits) {
  const count = (texts ?? tokenIds).length;
  const nameOf = (i: number) => (count === 1 ? "prompt" : `prompt[${i}]`);
  const fitting = (i: number, prompt: Int32Array) => {
    if (prompt.length === 0) throw refused(nameOf(i), "expected one token or more, received a prompt of none");
    const most = policy.contextLength - 1;
    expectAtMost(nameOf(i), prompt.length, most, "tokens of a prompt that leaves room in the context");
    return prompt;
  };
  if (tokenIds !== undefined) {
    return tokenIds.map((ids, i) => {
      const wrong = ids.findIndex((id) => id >= policy.vocabularySize);
      if (wrong >= 0) {
        const id = ids[wrong] as number;
        expectAtMost(`${nameOf(i)}[${wrong}]`, id, policy.vocabularySize - 1, "the vocabulary's last id");
      }
      return fitting(i, Int32Array.from(ids));
    });
  }
  const prompts: Int32Array[] = [];
  const pauses = new Pauses();
  for (const [i, text] of texts.entries()) {
    expectAtMost(nameOf(i), text.length, limits.maxCharacters, "characters of a prompt");
    // Checked before the next one is encoded: what one long prompt costs is enough.
    prompts.push(fitting(i, policy.text.encodePrompt(text)));
    await pauses.after(text.length);
  }
  return prompts;
}

function expectAtMost(field: string, value: number, most: number, what: string): void {
  if (value > most) throw refused(field, `expected at most ${most} (${what}), received ${value}`);
}

function refused(field: string, message: string): Error {
  return requestError(400, `${field}: ${message}`, { field });
}
