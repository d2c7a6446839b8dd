/** What zod says of a request, as one message that names the field. */
import type { z } from "zod";
import type { ErprmError } from "../errors.js";
import { requestError } from "./http-status.js";
import { receivedWords, valueAt } from "./received.js";

/** `items[3].steps[0]`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)).join("");
}

/**
 * Of the forms that a value may have the one that it comes closest to: the one of which it lacks the fewest fields; then of the
 * right types throughout, else the one whose complaint lies deepest, of the fewest.
 */
function closest(branches: readonly (readonly z.core.$ZodIssue[])[], value: unknown): readonly z.core.$ZodIssue[] {
  const numMissing = (issues: readonly z.core.$ZodIssue[]) =>
    issues.filter(({ path }) => valueAt(value, path) === undefined).length;
  const isOther = (issues: readonly z.core.$ZodIssue[]) =>
    Number(issues.some(({ code }) => code.startsWith("invalid_")));
  const depth = (issues: readonly z.core.$ZodIssue[]) => Math.max(0, ...issues.map(({ path }) => path.length));
  const order = (a: readonly z.core.$ZodIssue[], b: readonly z.core.$ZodIssue[]) =>
    numMissing(a) - numMissing(b) || isOther(a) - isOther(b) || depth(b) - depth(a) || a.length - b.length;
  return [...branches].sort(order)[0] ?? [];
}

/** What a union complains about is in its branches, whose paths begin where the union stands. */
function innermost(issue: z.core.$ZodIssue, body: unknown): z.core.$ZodIssue {
  const [inner] = issue.code === "invalid_union" ? closest(issue.errors, valueAt(body, issue.path)) : [];
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] }, body);
}

/** `Invalid input: expected string, received number` and `Too small: expected array to have >=1 items`, as we say it. */
function expectedOf(message: string): string {
  return message
    .replace(/^(Invalid input|Invalid option|Too small|Too big): expected /, "Expected ")
    .replace(/, received \S+$/, "");
}

/** @param body what was checked @returns {status, field}: the first of the issues */
export function invalidRequest({ issues }: z.core.$ZodError, body: unknown, status: 400 | 422 = 422): ErprmError {
  const issue = innermost(issues[0] as z.core.$ZodIssue, body);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = unknown === undefined ? issue.path : [...issue.path, unknown];
  const place = fieldPath(unknown === undefined ? path : [...issue.path, unknown.slice(0, 100)]);
  const expected = unknown === undefined ? expectedOf(issue.message) : "Unknown field";
  const where = place === "" ? "the body" : place;
  const message = `${where}: ${expected}, received ${receivedWords(valueAt(body, path))}`;
  return requestError(status, message, place === "" ? {} : { field: place }, "ERPRM_INVALID_DATA");
}
