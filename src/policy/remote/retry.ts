/**
 * Asking again: how long to wait, and when to give up. Waits are drawn evenly from 0 to a bound that doubles with every try,
 * so that requests which failed together do not come back together. A server that says when to come back is believed, up to
 * ten minutes, and left alone until then by all requests; so is one that cannot be reached.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { abortedError } from "../native-call.js";
import type { Endpoint, Endpoints } from "./endpoints.js";
import { ServerFault, serverError } from "./server-fault.js";

export interface RetryOptions {
  /** Tries of one request after the first, at most. */
  maxRetries: number;
  /** Bound of the first wait, milliseconds. */
  firstMs: number;
  /** Bound of every wait that the server did not ask for. */
  mostMs: number;
}

const longestRetryAfterMs = 600_000;

/** Milliseconds to wait after `failures` tries that failed, from 1. */
export function backoffMs(failures: number, { firstMs, mostMs }: RetryOptions, random = Math.random): number {
  return random() * Math.min(mostMs, firstMs * 2 ** (failures - 1));
}

function waitsForAll({ retryAfterMs, status }: ServerFault): boolean {
  return retryAfterMs !== undefined || status === undefined || status === 429 || status === 503;
}

/**
 * What `ask` gets from whichever server has the least to do. `onRetry` is told of every try after the first.
 * @throws ERPRM_IO when all tries failed, or all servers did as often in a row with whatever they were asked; ERPRM_INVALID_ARGUMENT for an answer that asking again does not change; ERPRM_ABORTED
 */
export async function askWithRetries<T>(
  endpoints: Endpoints,
  ask: (url: string) => Promise<T>,
  options: RetryOptions,
  { signal, onRetry }: { signal?: AbortSignal | undefined; onRetry?: () => void } = {},
): Promise<T> {
  // A server that failed a request gets it again only after the others did.
  const failed = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    const endpoint = await endpoints.acquire(signal, failed);
    try {
      const answer = await ask(endpoint.url);
      endpoints.release(endpoint);
      return answer;
    } catch (error) {
      if (!(error instanceof ServerFault)) {
        endpoints.abandon(endpoint);
        throw error;
      }
      giveBack(endpoints, endpoint, error, options);
      const isHopeless = attempt > options.maxRetries || endpoints.haveFailed(options.maxRetries);
      if (!error.canRetry || isHopeless) throw serverError(error, endpoint.url, attempt);
      failed.add(endpoint.url);
      if (failed.size === endpoints.size) failed.clear();
      onRetry?.();
      await pause(backoffMs(attempt, options), signal);
    }
  }
}

function giveBack(endpoints: Endpoints, endpoint: Endpoint, fault: ServerFault, options: RetryOptions): void {
  if (fault.canRetry && waitsForAll(fault)) {
    const asked = Math.min(fault.retryAfterMs ?? 0, longestRetryAfterMs);
    endpoints.rest(endpoint, (before) => Math.max(asked, backoffMs(before + 1, options)));
  } else {
    endpoints.abandon(endpoint);
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    throw signal?.aborted ? abortedError(signal) : error;
  }
}
