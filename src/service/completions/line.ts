/** The requests in front of one policy: who waits, who decodes, and what came of it. */
import type { Policy } from "../../policy/policy.js";
import { busyError } from "../http-status.js";
import type { ServedPolicy } from "../models.js";
import { Choice, type TokenText } from "./choice.js";
import { decodeCompletions } from "./decode.js";
import type { CompletionMetrics } from "./metrics.js";
import { Slots } from "./slots.js";
import { WaitingRoom } from "./waiting-room.js";
import { type AskedWork, type CompletionLimits, type CompletionWork, completionWork } from "./work.js";

export interface LineOptions {
  served: ServedPolicy;
  limits: CompletionLimits;
  /** Completions that may wait for a slot; one client may hold half of them. */
  maxWaiting: number;
  metrics: CompletionMetrics;
}

/** A request whose model is there. */
export interface StartedRequest {
  /** SHA-256 of the model's files. */
  fingerprint: string;
  work: CompletionWork;
  /** By index. */
  choices: readonly Choice[];
}

export interface RunOptions {
  /** Whose turn it is. */
  client: string;
  signal: AbortSignal;
  /** Before the first token. */
  onStart?(request: StartedRequest): void;
  /** The choices have more tokens than before. */
  onTokens?(): void;
}

export class CompletionLine {
  readonly #options: LineOptions;
  readonly #room: WaitingRoom;
  /** Those of the model that is loaded now. */
  #slots: { policy: Policy; slots: Slots; tokens: TokenText } | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#room = new WaitingRoom(options.maxWaiting);
  }

  get numWaiting(): number {
    return this.#room.numWaiting;
  }

  get numRunning(): number {
    return this.#slots?.slots.held ?? 0;
  }

  /**
   * All completions of a request.
   * @throws ERPRM_BUSY {status: 429, retryAfterSeconds}, a request error {status: 400, field}, ERPRM_ABORTED, and what
   *   loading the model and decoding throw
   */
  async run(asked: AskedWork, options: RunOptions): Promise<StartedRequest> {
    const { served, metrics, limits } = this.#options;
    const model = served.name;
    const { client, signal } = options;
    const since = performance.now();
    let waiting = this.#enter(client, asked);
    let unended = waiting;
    let hasToken = false;
    const leave = (count: number) => {
      this.#room.leave(client, count);
      waiting -= count;
    };
    const decode = async (policy: Policy) => {
      const work = await completionWork(asked, policy, limits);
      const { slots, tokens } = this.#slotsOf(policy);
      const request = { fingerprint: policy.fingerprint, work, choices: choicesOf(asked, tokens) };
      metrics.promptTokens.inc(
        { model },
        work.prompts.reduce((sum, { length }) => sum + length, 0),
      );
      options.onStart?.(request);
      const observer = {
        started: leave,
        sampled: (numTokens: number) => {
          if (!hasToken) metrics.firstTokenSeconds.observe({ model }, (performance.now() - since) / 1000);
          hasToken = true;
          metrics.completionTokens.inc({ model }, numTokens);
          options.onTokens?.();
        },
        ended: ({ finishReason }: Choice) => {
          unended -= 1;
          this.#room.noteEnd(performance.now());
          if (finishReason !== undefined) metrics.ended(model, finishReason);
        },
      };
      await decodeCompletions(work, { policy, slots, client, choices: request.choices, signal, observer });
      return request;
    };
    try {
      return await served.use(decode, signal);
    } finally {
      leave(waiting);
      if (unended > 0) metrics.abandoned.inc({ model }, unended);
    }
  }

  #enter(client: string, { numPrompts, n }: AskedWork): number {
    const count = numPrompts * n;
    if (this.#room.enter(client, count)) return count;
    const { metrics, served, maxWaiting } = this.#options;
    metrics.refused.inc({ model: served.name }, count);
    const { numWaiting, retryAfterSeconds } = this.#room;
    const waiting = `${numWaiting} wait, ${this.#room.numWaitingOf(client)} of them this client's`;
    const message = `Expected at most ${maxWaiting} completions to wait, half of them one client's; ${waiting}, received ${count} more`;
    throw busyError(message, retryAfterSeconds);
  }

  #slotsOf(policy: Policy) {
    // A model that was unloaded meanwhile comes back as another object; nothing runs on the old one any more.
    if (this.#slots?.policy !== policy) {
      this.#slots = { policy, slots: new Slots(policy.maxBatch), tokens: tokenText(policy) };
    }
    return this.#slots;
  }
}

function choicesOf({ numPrompts, n, stop, body }: AskedWork, tokens: TokenText): Choice[] {
  const numAlternatives = body.logprobs ?? undefined;
  const withTokenIds = body.return_token_ids ?? false;
  return Array.from(
    { length: numPrompts * n },
    (_, index) => new Choice(tokens, { index, stop, numAlternatives, withTokenIds }),
  );
}

const noBytes = new Uint8Array(0);

function tokenText({ tokenizer }: Policy): TokenText {
  const { values, offsets } = tokenizer.tokenBytes();
  return {
    // A model may have more ids than the tokenizer has tokens.
    bytesOf: (id) => (id < tokenizer.vocabularySize ? values.subarray(offsets[id], offsets[id + 1]) : noBytes),
    nameOf: (id) => {
      if (!tokenizer.isSpecial(id) && id < tokenizer.vocabularySize) return undefined;
      return tokenizer.idToToken(id) ?? "";
    },
  };
}
