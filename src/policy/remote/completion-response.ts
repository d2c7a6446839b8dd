/** The answer of `POST /completions`, checked: what is missing or of another type is a fault, and is asked for again. */

import { wellFormed } from "../../text/bytes.js";
import type { FinishReason } from "../../types.js";
import { ServerFault, shownBody } from "./server-fault.js";

export interface Choice {
  text: string;
  finishReason: FinishReason;
  /** Where the server tells. */
  tokenIds?: Int32Array;
}

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** Of the prompt, where the server tells. */
  cachedTokens: number;
}

export interface CompletionResponse {
  /** As the server calls it. */
  model: string | undefined;
  /** What it says of the model's files, where it says anything; erprm: the first digits of their fingerprint. */
  fingerprint: string | undefined;
  /** In the order of their `index`. */
  choices: Choice[];
  /** Absent where the server counts nothing. */
  usage?: Usage;
}

type Fields = Record<string, unknown>;

function fail(expected: string, received: unknown): never {
  const shown = shownBody(JSON.stringify(received) ?? "nothing");
  throw new ServerFault(`200 with ${shown} in place of ${expected}`, { canRetry: true, status: 200 });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws ServerFault (to be asked again) for an answer without `numChoices` whole choices */
export function readCompletions(value: unknown, numChoices: number, needsTokens: boolean): CompletionResponse {
  const choices = isFields(value) ? value.choices : undefined;
  if (!isFields(value) || !Array.isArray(choices)) return fail("an object with choices", value);
  if (choices.length !== numChoices) return fail(`${numChoices} choices`, { "number of choices": choices.length });
  const read: (Choice | undefined)[] = Array.from({ length: numChoices });
  for (const [place, choice] of choices.entries()) {
    if (!isFields(choice)) return fail("a choice", choice);
    const index = choice.index ?? place;
    if (!isCount(index) || index >= numChoices || read[index]) return fail("an index of its own", choice.index);
    read[index] = readChoice(choice, needsTokens);
  }
  const usage = readUsage(value.usage);
  const textOf = (field: unknown) => (typeof field === "string" ? field : undefined);
  const [model, fingerprint] = [textOf(value.model), textOf(value.system_fingerprint)];
  return { model, fingerprint, choices: read as Choice[], ...(usage && { usage }) };
}

function readChoice({ text, finish_reason: reason, ...more }: Fields, needsTokens: boolean): Choice {
  if (typeof text !== "string") return fail("a text", text);
  // `abort` and the like: the completion is not whole.
  if (reason !== "stop" && reason !== "length") return fail("finish_reason stop or length", reason ?? null);
  const choice: Choice = { text: wellFormed(text), finishReason: reason };
  const ids = more.token_ids;
  if (!Array.isArray(ids)) return needsTokens ? fail("token_ids", ids) : choice;
  const wrong = ids.find((id) => !isCount(id) || id >= 2 ** 31);
  if (wrong !== undefined) return fail("a token id", wrong);
  return { ...choice, tokenIds: Int32Array.from(ids as number[]) };
}

function readUsage(value: unknown): Usage | undefined {
  // No prompt is without tokens: 0 is no count.
  if (!isFields(value) || !isCount(value.prompt_tokens) || value.prompt_tokens === 0) return undefined;
  // Some servers leave the field out where it would be 0.
  const {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens = 0,
    prompt_tokens_details: details,
  } = value;
  const cached = isFields(details) ? details.cached_tokens : undefined;
  return {
    promptTokens,
    completionTokens: isCount(completionTokens) ? completionTokens : 0,
    cachedTokens: isCount(cached) ? cached : 0,
  };
}
