/**
 * The body of `POST /completions`. Every parameter of sampling is sent, those that are off too: servers have defaults of
 * their own (from the model's generation_config.json, or a top-k of 40), and labels are to be drawn from the policy itself.
 */
import type { Sampling } from "../sampling.js";
import type { Capabilities } from "./capabilities.js";

export interface CompletionRequest {
  model: string;
  prompt: string | readonly number[];
  /** Completions of the prompt. */
  n: number;
  seed: number;
  /** `stopTokenIds`: absent, the server's own end tokens; empty, none. */
  sampling: Sampling;
}

export function requestBody(
  { model, prompt, n, seed, sampling }: CompletionRequest,
  { extraFields, givesTokens, isSglang }: Pick<Capabilities, "extraFields" | "givesTokens" | "isSglang">,
): Record<string, unknown> {
  const { temperature, topP, topK, minP, maxTokens, stop, stopTokenIds } = sampling;
  const body = {
    ...{ model, prompt, n, seed, max_tokens: maxTokens, temperature, top_p: topP },
    ...(stop.length > 0 && { stop }),
  };
  if (!extraFields) return body;
  return {
    ...body,
    // -1 is off with vLLM, SGLang and llama.cpp; 0 is not with all of them.
    ...{ top_k: topK === 0 ? -1 : topK, min_p: minP, repetition_penalty: 1 },
    // A stop text stays in the completion.
    ...(stop.length > 0 && (isSglang ? { no_stop_trim: true } : { include_stop_str_in_output: true })),
    ...(stopTokenIds?.length === 0 && { ignore_eos: true }),
    ...(stopTokenIds !== undefined && stopTokenIds.length > 0 && { stop_token_ids: stopTokenIds }),
    ...(givesTokens && { return_token_ids: true }),
  };
}
