/** What zod says of a request, as one message that names the field. */
import type { z } from "zod";
import { requestError } from "./http-status.js";

/** `items[3].steps[0]`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)).join("");
}

/** 422 {field}: the first of the issues. */
export function invalidRequest({ issues }: z.core.$ZodError) {
  const issue = issues[0] as z.core.$ZodIssue;
  const field = fieldPath(issue.path);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const place = unknown === undefined ? field : fieldPath([...issue.path, unknown.slice(0, 100)]);
  const where = place === "" ? "the body" : place;
  const message = unknown === undefined ? issue.message : "Unknown field";
  return requestError(422, `${where}: ${message}`, { field: where, numIssues: issues.length }, "ERPRM_INVALID_DATA");
}
