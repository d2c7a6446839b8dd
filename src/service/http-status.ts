/** Every failure of a request is an ErprmError; the HTTP status follows from its code, or is told in `details.status`. */
import { ErprmError, type ErrorCode, type ErrorDetails } from "../errors.js";

const statuses: Record<ErrorCode, number> = {
  ERPRM_INVALID_ARGUMENT: 422,
  ERPRM_INVALID_DATA: 422,
  ERPRM_INVALID_CHECKPOINT: 500,
  ERPRM_NOT_FOUND: 404,
  ERPRM_IO: 500,
  ERPRM_OUT_OF_MEMORY: 503,
  ERPRM_DEVICE_UNAVAILABLE: 500,
  ERPRM_DEVICE_FAULT: 500,
  ERPRM_NUMERICAL: 500,
  ERPRM_BUSY: 429,
  ERPRM_DISPOSED: 503,
  // Nobody reads it: the client went away, or the service is on its way out.
  ERPRM_ABORTED: 503,
  ERPRM_RUN_CONFLICT: 500,
  ERPRM_NATIVE_MISSING: 500,
  ERPRM_INTERNAL: 500,
};

export function httpStatusOf({ code, details }: ErprmError): number {
  const { status, freeBytes } = details;
  // What does not fit into all that there is: asking again would not help.
  if (status === undefined && code === "ERPRM_OUT_OF_MEMORY" && freeBytes !== undefined) return 422;
  return typeof status === "number" && status >= 400 && status <= 599 ? status : statuses[code];
}

/** An error that the request itself is about. `details.field` names the place in its body. */
export function requestError(
  status: number,
  message: string,
  details: ErrorDetails = {},
  code: ErrorCode = "ERPRM_INVALID_ARGUMENT",
): ErprmError {
  return new ErprmError(code, message, { ...details, status });
}

/** Not now: 429 for a full queue, 503 while draining. `retryAfterSeconds` is told as Retry-After. */
export function busyError(message: string, retryAfterSeconds: number, status: 429 | 503 = 429): ErprmError {
  return new ErprmError("ERPRM_BUSY", message, { status, retryAfterSeconds });
}

/** For the log alone: nobody is there to read it. */
export function clientGone(): ErprmError {
  return new ErprmError("ERPRM_ABORTED", "The client went away", { status: 499 });
}
