/** Calls into native code: its errors become ours, with the caller's stack; a signal cancels what is in flight. */
import { ErprmError, type ErrorCode, type ErrorDetails, errorCategories } from "../errors.js";

/** What native code throws: an Error with a code and details. */
interface NativeError extends Error {
  code?: string;
  details?: ErrorDetails;
}

/** Awaits a native promise. @throws an ErprmError whose cause is the native error */
export async function nativeCall<T>(call: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    // Made here and not in native code, so that the (asynchronous) stack is the caller's.
    throw fromNative(error);
  }
}

export function fromNative(error: unknown): unknown {
  if (error instanceof ErprmError || !(error instanceof Error)) return error;
  const { code, details, message } = error as NativeError;
  const isOurs = code !== undefined && code in errorCategories;
  return new ErprmError(isOurs ? (code as ErrorCode) : "ERPRM_INTERNAL", message, details ?? {}, error);
}

/** ERPRM_ABORTED for a signal that fired; the signal's own reason is the cause. */
export function abortedError(signal: AbortSignal): ErprmError {
  const reason: unknown = signal.reason;
  if (reason instanceof ErprmError && reason.code === "ERPRM_ABORTED") return reason;
  return new ErprmError("ERPRM_ABORTED", "The work was aborted", {}, reason);
}

/** `cancel` is called once when the signal fires; the promise then rejects with ERPRM_ABORTED, whatever native code says. */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
  cancel: () => void,
): Promise<T> {
  if (signal?.aborted) throw abortedError(signal);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await nativeCall(call);
  } catch (error) {
    if (signal?.aborted && error instanceof ErprmError && error.code === "ERPRM_ABORTED") throw abortedError(signal);
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
