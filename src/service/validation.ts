/** What zod says of a request, as one message that names the field. */
import type { z } from "zod";
import type { ErprmError } from "../errors.js";
import { requestError } from "./http-status.js";

/** `items[3].steps[0]`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)).join("");
}

/**
 * Of the forms that a body may have the one that it comes closest to: of the right types throughout, else the one whose
 * complaint lies deepest, of the fewest.
 */
function closest(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const isOther = (issues: readonly z.core.$ZodIssue[]) =>
    Number(issues.some(({ code }) => code.startsWith("invalid_")));
  const depth = (issues: readonly z.core.$ZodIssue[]) => Math.max(0, ...issues.map(({ path }) => path.length));
  const order = (a: readonly z.core.$ZodIssue[], b: readonly z.core.$ZodIssue[]) =>
    isOther(a) - isOther(b) || depth(b) - depth(a) || a.length - b.length;
  return [...branches].sort(order)[0] ?? [];
}

/** What a union complains about is in its branches, whose paths begin where the union stands. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  const [inner] = issue.code === "invalid_union" ? closest(issue.errors) : [];
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] });
}

/** {status, field}: the first of the issues. */
export function invalidRequest({ issues }: z.core.$ZodError, status: 400 | 422 = 422): ErprmError {
  const issue = innermost(issues[0] as z.core.$ZodIssue);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const place = fieldPath(unknown === undefined ? issue.path : [...issue.path, unknown.slice(0, 100)]);
  const message = unknown === undefined ? issue.message : "Unknown field";
  const where = place === "" ? "the body" : place;
  return requestError(status, `${where}: ${message}`, place === "" ? {} : { field: place }, "ERPRM_INVALID_DATA");
}
