/** Requests to a server that may be away for a while: tried again until they succeed, or nobody wants them any more. */
import { setTimeout as sleep } from "node:timers/promises";
import { ErprmError } from "../errors.js";

const firstPauseMs = 100;
const longestPauseMs = 5_000;
const tellMs = 10_000;

/** What the server answers with: a refusal (4xx) stays one, however often it is asked. */
export function apiErrorOf(error: unknown): { code: number; status: number } | undefined {
  const { code, status } = error as { code?: unknown; status?: unknown };
  return typeof code === "number" && typeof status === "number" ? { code, status } : undefined;
}

export const streamNotFound = 10059;
export const consumerNotFound = 10014;
export const tooManyOfSubject = 10077;

/** True for errors that name something that is not on the server. */
export function isMissing(error: unknown): boolean {
  const code = apiErrorOf(error)?.code;
  // A pull that waits is told so in words when its consumer goes.
  return code === streamNotFound || code === consumerNotFound || /^consumer deleted/i.test((error as Error).message);
}

const lasting = new Set([
  // Closed for good: while it connects again, requests time out.
  "ClosedConnectionError",
  "DrainingConnectionError",
  "AuthorizationError",
  "PermissionViolationError",
  "UserAuthenticationExpiredError",
  "InvalidArgumentError",
]);

function mayPass(error: unknown): boolean {
  if (error instanceof ErprmError) return false;
  const api = apiErrorOf(error);
  if (api) return api.status >= 500;
  return !lasting.has((error as Error).name);
}

/**
 * @param waiting is told why, when the longest pause is reached: after some seconds, and again and again
 * @throws what `action` throws, where trying again cannot help, or when `signal` has fired
 */
export async function patiently<T>(
  signal: AbortSignal,
  action: () => Promise<T>,
  waiting: (error: Error) => void = () => {},
): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
    try {
      return await action();
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      if (pauseMs === longestPauseMs) waiting(error as Error);
    }
    await pause(pauseMs, signal);
  }
}

/** Many wait for the same server: one of them says so, now and then. `now`: milliseconds, monotonic. */
export function nowAndThen(tell: (text: string) => void, now = () => performance.now()): (text: string) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (now() - toldAt < tellMs) return;
    toldAt = now();
    tell(text);
  };
}

/** Ends early, without an error, when the signal fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
