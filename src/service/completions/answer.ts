/** The answers of `POST /v1/completions` in OpenAI's form: whole, and as events. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Choice, ChoiceNews } from "./choice.js";

const logprobsForm = z.object({
  tokens: z.array(z.string()).describe("Special tokens by name, others as text"),
  token_logprobs: z.array(z.number()).describe("ln p at the sampling temperature, before truncation, nats"),
  top_logprobs: z
    .array(z.record(z.string(), z.number()))
    .nullable()
    .describe("The most probable tokens in its place and the chosen one"),
  text_offset: z.array(z.int()).describe("Characters (code points) of the text before the token"),
});

const choiceForm = z.object({
  index: z.int().describe("Prompt p, completion c: p n + c"),
  text: z.string(),
  finish_reason: z.enum(["stop", "length"]).nullable(),
  stop_reason: z.string().nullable().describe("The stop text that ended the completion"),
  logprobs: logprobsForm.nullable(),
  prompt_token_ids: z.array(z.int()).optional(),
  token_ids: z.array(z.int()).optional(),
});

const usageForm = z.object({
  prompt_tokens: z.int().describe("Each prompt once"),
  completion_tokens: z.int().describe("Sampled tokens, end tokens and those of stop texts among them"),
  total_tokens: z.int(),
});

export const completionForm = z.object({
  id: z.string(),
  object: z.literal("text_completion"),
  created: z.int().describe("Seconds since 1970"),
  model: z.string(),
  system_fingerprint: z.string().describe("Of the model's files"),
  seed: z.int().describe("Gives the same texts again"),
  choices: z.array(choiceForm),
  usage: usageForm.nullish(),
});

export type CompletionAnswer = z.output<typeof completionForm>;
export type Usage = z.output<typeof usageForm>;

/** What an answer and all of its events have in common. */
export type AnswerHead = Omit<CompletionAnswer, "choices" | "usage">;

export function answerHead(model: string, fingerprint: string, seed: number): AnswerHead {
  return {
    id: `cmpl-${randomUUID()}`,
    object: "text_completion",
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: fingerprint.slice(0, 16),
    seed,
  };
}

/** @param promptTokenIds told with the first news of a completion, where the request asks for ids */
export function choiceAnswer(news: ChoiceNews, promptTokenIds?: Int32Array): CompletionAnswer["choices"][number] {
  return {
    index: news.index,
    text: news.text,
    finish_reason: news.finishReason ?? null,
    stop_reason: news.stop ?? null,
    logprobs: news.logprobs ?? null,
    ...(news.tokenIds && promptTokenIds && { prompt_token_ids: Array.from(promptTokenIds) }),
    ...(news.tokenIds && { token_ids: news.tokenIds }),
  };
}

export function usageOf(prompts: readonly Int32Array[], choices: readonly Choice[]): Usage {
  const promptTokens = prompts.reduce((sum, { length }) => sum + length, 0);
  const completionTokens = choices.reduce((sum, { numTokens }) => sum + numTokens, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
