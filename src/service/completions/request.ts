/**
 * The body of `POST /v1/completions`: the fields of OpenAI's API, and those of vLLM that rollout clients use. A field that
 * asks for what this server cannot do is refused by its name; at the value at which it asks for nothing, it is accepted.
 */
import { z } from "zod";
import { promptSchema } from "./prompts.js";

/** Of texts in `stop`, and of characters in one. */
const maxStops = 64;
const maxStopCharacters = 256;
/** Of tokens beside each sampled one. */
const maxAlternatives = 20;

/** Only at the values that change nothing. */
function inert<S extends z.ZodType>(schema: S, isInert: (value: z.output<S>) => boolean, only: string) {
  return schema
    .nullish()
    .refine((value) => value === undefined || value === null || isInert(value as z.output<S>), {
      error: `Not supported by this server: expected ${only}, or no such field`,
    })
    .describe(`Accepted as ${only} only`);
}

const stopText = z.string().min(1).max(maxStopCharacters);

export const completionBody = z.strictObject({
  model: z.string().optional().describe("Name of a policy of this server; may be left out where there is one"),
  prompt: z
    .custom<unknown>((value) => value !== undefined, {
      error: "Expected a text, texts, token ids or lists of token ids",
    })
    .meta(promptSchema),
  n: z.int().min(1).nullish().describe("Completions of each prompt; default 1"),
  max_tokens: z.int().min(1).nullish().describe("Most tokens of a completion; the context bounds it too; default 16"),
  temperature: z.number().min(0).max(1e6).nullish().describe("Default 1; 0: the most probable token each time"),
  top_p: z.number().gt(0).max(1).nullish().describe("Default 1: off"),
  top_k: z.int().min(-1).nullish().describe("Default 0: off, as -1 is"),
  min_p: z.number().min(0).max(1).nullish().describe("Default 0: off"),
  seed: z
    .int()
    .min(0)
    .nullish()
    .describe("The same request with the same seed gives the same text; default: drawn, and told in the answer"),
  stop: z
    .union([stopText, z.array(stopText).max(maxStops)], {
      error: `Expected a text or at most ${maxStops} texts, each of 1 to ${maxStopCharacters} characters`,
    })
    .nullish()
    .describe("Texts that end a completion; cut off unless include_stop_str_in_output"),
  include_stop_str_in_output: z.boolean().nullish(),
  stop_token_ids: z.array(z.int().min(0)).max(maxStops).nullish().describe("Beside the end tokens of the model"),
  ignore_eos: z.boolean().nullish().describe("The end tokens of the model end nothing"),
  logprobs: z
    .int()
    .min(0)
    .max(maxAlternatives)
    .nullish()
    .describe(
      "Tell log-probabilities at the sampling temperature, before truncation: those of the chosen tokens, and of so many of the most probable ones in their places",
    ),
  return_token_ids: z.boolean().nullish().describe("Tell the ids of the tokens of prompts and completions"),
  stream: z.boolean().nullish().describe("Server-sent events, a few tokens each, ended by [DONE]"),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish(),
      include_obfuscation: inert(z.boolean(), (value) => !value, "false"),
    })
    .nullish(),
  user: z.string().nullish().describe("Not used"),
  echo: inert(z.boolean(), (value) => !value, "false"),
  suffix: inert(z.string(), (value) => value === "", "an empty text"),
  best_of: z.int().nullish().describe("Accepted where it equals n"),
  presence_penalty: inert(z.number(), (value) => value === 0, "0"),
  frequency_penalty: inert(z.number(), (value) => value === 0, "0"),
  repetition_penalty: inert(z.number(), (value) => value === 1, "1"),
  length_penalty: inert(z.number(), (value) => value === 1, "1"),
  logit_bias: inert(z.record(z.string(), z.number()), (value) => Object.keys(value).length === 0, "an empty object"),
  min_tokens: inert(z.int(), (value) => value === 0, "0"),
  use_beam_search: inert(z.boolean(), (value) => !value, "false"),
  skip_special_tokens: inert(z.boolean(), (value) => value, "true"),
  spaces_between_special_tokens: z.boolean().nullish().describe("Not used: special tokens are left out"),
  add_special_tokens: inert(z.boolean(), (value) => value, "true"),
  truncate_prompt_tokens: inert(z.int(), () => false, "null"),
  prompt_logprobs: inert(z.int(), () => false, "null"),
});

export type CompletionBody = z.output<typeof completionBody>;
