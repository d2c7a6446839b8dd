/** What holds for policies behind servers where nothing else is said. */
export const remoteDefaults = {
  /** Requests in flight at one server. */
  concurrency: 32,
  /** Tries of a request after the first. */
  maxRetries: 10,
  /** Seconds. Generous: a busy server may need long for 32 completions, and one that is dead closes its connections. */
  requestTimeout: 1800,
} as const;
