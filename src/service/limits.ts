/** How requests share forward passes. */
export interface Batching {
  /** Tokens of a forward pass; a solution with more has one of its own. */
  tokensPerBatch: number;
  /** Milliseconds that the first solution of a batch waits for others while the model is idle. */
  batchWaitMs: number;
}

export const defaultBatching: Batching = { tokensPerBatch: 4096, batchWaitMs: 2 };

/** What a client may ask for. Every limit has an answer of its own: 413, 422 or 429. */
export interface ServiceLimits {
  /** Bytes of a request's body, or of one line of an NDJSON stream (413). */
  maxBodyBytes: number;
  /** Solutions of one JSON request; a stream may have any number (422). */
  maxItems: number;
  /** Steps of one solution (422). */
  maxSteps: number;
  /** Characters of one solution with its question (422). What is longer than the model's context is refused too. */
  maxCharacters: number;
  /** Tokens that may wait in the queue of one model; one client may hold half of them (429). */
  maxQueuedTokens: number;
  /** Completions of one request, prompts times n (400). */
  maxCompletions: number;
  /** Tokens of one completion (400). */
  maxCompletionTokens: number;
  /** Tokens that a request is told at most: those of all its completions, each with the `logprobs` beside it (400). */
  maxRequestTokens: number;
  /** Bytes, about, of one stream of completions that its client has not read; beyond that it is ended. */
  maxUnreadBytes: number;
  /** Completions that may wait for a slot of one policy; one client may hold half of them (429). */
  maxQueuedCompletions: number;
  /** Seconds a client may take to send a body, or a stream to send its next line and to read its next result (408). */
  clientTimeoutSeconds: number;
  maxConnections: number;
}

export const defaultLimits: ServiceLimits = {
  maxBodyBytes: 8 * 2 ** 20,
  maxItems: 1024,
  maxSteps: 1024,
  maxCharacters: 2 ** 17,
  maxQueuedTokens: 2 ** 20,
  maxCompletions: 1024,
  maxCompletionTokens: 16_384,
  maxRequestTokens: 2 ** 20,
  maxUnreadBytes: 8 * 2 ** 20,
  maxQueuedCompletions: 8192,
  clientTimeoutSeconds: 60,
  maxConnections: 4096,
};
