/** What holds for policies behind servers where nothing else is said. */
export const remoteDefaults = {
  /** Requests in flight at one server. */
  concurrency: 32,
  /** Tries of a request after the first. */
  maxRetries: 10,
  /** Seconds. */
  requestTimeout: 600,
} as const;
