/** Once more, where a service said that it has no room or could not be reached: scoring twice does no harm. */
import { setTimeout as sleep } from "node:timers/promises";
import { ErprmError } from "../../errors.js";
import { abortedError } from "../../policy/native-call.js";

const firstWaitSeconds = 0.25;
const maxWaitSeconds = 60;

/** Whether it may go another way the next time: the service is full, draining, or out of reach. */
function isPassing(error: unknown): error is ErprmError {
  if (!(error instanceof ErprmError)) return false;
  const { status } = error.details;
  return status === 429 || status === 502 || status === 503 || status === 504 || error.details.unreached === true;
}

/** As long as the service says, and never all clients at the same moment. */
function waitSeconds(error: ErprmError, attempt: number): number {
  const { retryAfterSeconds } = error.details;
  const told = typeof retryAfterSeconds === "number" ? retryAfterSeconds : firstWaitSeconds * 2 ** attempt;
  return Math.min(told, maxWaitSeconds) * (1 + Math.random() / 4);
}

/** @throws what `work` throws when it is no passing trouble, or the last time; ERPRM_ABORTED */
export async function withRetries<T>(
  work: () => Promise<T>,
  maxRetries: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    if (signal?.aborted) throw abortedError(signal);
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw abortedError(signal);
      if (!isPassing(error) || attempt >= maxRetries) throw error;
      await sleep(waitSeconds(error, attempt) * 1000, undefined, signal && { signal }).catch(() => {});
    }
  }
}
