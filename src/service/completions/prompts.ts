/** The four forms of `prompt`: a text, texts, token ids, lists of token ids. */
import { requestError } from "../http-status.js";
import { receivedWords } from "../received.js";

export type PromptInput = { texts: string[]; tokenIds?: undefined } | { texts?: undefined; tokenIds: number[][] };

/** For the OpenAPI document; the reading is below. */
export const promptSchema = {
  description: "A text, texts, token ids or lists of token ids; continued as they are, never as a turn of a chat",
  anyOf: [
    { type: "string" },
    { type: "array", items: { type: "string" } },
    { type: "array", items: { type: "integer" } },
    { type: "array", items: { type: "array", items: { type: "integer" } } },
  ],
};

/**
 * By hand, because a validator notes every wrong entry of a list of a million.
 * @throws a request error {status: 400, field}
 */
export function readPrompts(value: unknown): PromptInput {
  if (typeof value === "string") return { texts: [value] };
  if (!Array.isArray(value) || value.length === 0) {
    fail("prompt", "a text, texts, token ids or lists of token ids", value);
  }
  if (typeof value[0] === "string") {
    for (const [i, text] of value.entries()) if (typeof text !== "string") fail(`prompt[${i}]`, "a text", text);
    return { texts: value };
  }
  if (typeof value[0] === "number") return { tokenIds: [tokenIdsOf("prompt", value)] };
  return { tokenIds: value.map((ids, i) => tokenIdsOf(`prompt[${i}]`, ids)) };
}

function tokenIdsOf(name: string, value: unknown): number[] {
  if (!Array.isArray(value) || value.length === 0) fail(name, "a list of token ids, one or more", value);
  for (const [i, id] of value.entries()) {
    if (!Number.isInteger(id) || id < 0) fail(`${name}[${i}]`, "a token id", id);
  }
  return value;
}

function fail(field: string, expected: string, received: unknown): never {
  throw requestError(400, `${field}: expected ${expected}, received ${receivedWords(received)}`, { field });
}
