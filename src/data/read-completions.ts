/** `completions.jsonl`: completions of prefixes, kept for people to read. */
import type { CompletionRecord } from "../types.js";
import type { Place } from "./data-error.js";
import { Fields } from "./fields.js";
import { readRecords } from "./read-records.js";

/** In file order. @throws ERPRM_INVALID_DATA {file, line, field}; as `readRecords` */
export async function* readCompletions(path: string): AsyncIterable<CompletionRecord> {
  for await (const { value, file, line } of readRecords(path)) yield parseCompletion(value, { file, line });
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseCompletion(value: unknown, place: Place): CompletionRecord {
  const fields = new Fields(value, place);
  return {
    problemId: fields.text("problemId"),
    index: fields.integer("index"),
    stepIndex: fields.integer("stepIndex"),
    completionIndex: fields.integer("completionIndex"),
    text: fields.string("text"),
    outcome: fields.oneOf("outcome", [0, 1] as const),
    finishReason: fields.oneOf("finishReason", ["stop", "length"] as const),
  };
}
