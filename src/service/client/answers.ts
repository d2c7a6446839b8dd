/** Answers of a service, checked: what does not look as the routes say is an error, never half a result. */
import { z } from "zod";
import { ErprmError, type ErrorCode, errorCategories } from "../../errors.js";

const errorBody = z.object({
  error: z.object({ message: z.string(), code: z.unknown(), param: z.string().nullish() }),
});

function codeOf(code: unknown, status: number): ErrorCode {
  if (typeof code === "string" && Object.hasOwn(errorCategories, code)) return code as ErrorCode;
  if (status === 429 || status === 503) return "ERPRM_BUSY";
  if (status === 404) return "ERPRM_NOT_FOUND";
  return status >= 400 && status < 500 ? "ERPRM_INVALID_ARGUMENT" : "ERPRM_IO";
}

/** The error that a service answered with; of one that answered otherwise (a proxy, say) the status. */
export function answeredError(body: unknown, status: number, retryAfterSeconds?: number): ErprmError {
  const { data } = errorBody.safeParse(body);
  const { message, code, param } = data?.error ?? { message: `The server answered ${status}` };
  const details = {
    status,
    ...(typeof param === "string" && { field: param }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return new ErprmError(codeOf(code, status), message, details);
}

/** @throws ERPRM_INVALID_DATA for an answer of another form */
export function expectAnswer<S extends z.ZodType>(schema: S, body: unknown, what: string): z.infer<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected ${what} as erprm serve answers, received another form: ${issue?.path.join(".")}: ${issue?.message}`,
    { field: issue?.path.join(".") },
  );
}
