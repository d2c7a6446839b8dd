/**
 * Decodes the completions of one request. Their pieces take their turns among those of all clients; what the engine samples
 * goes to the request's choices at once, whether anybody streams or not.
 */

import { setMaxListeners } from "node:events";
import { ErprmError } from "../../errors.js";
import { abortedError } from "../../policy/native-call.js";
import type { Policy } from "../../policy/policy.js";
import { type FreshTokens, promptCompletions } from "../../policy/trunk.js";
import type { FinishReason } from "../../types.js";
import { requestError } from "../http-status.js";
import type { Choice, SampledToken } from "./choice.js";
import type { Slots } from "./slots.js";
import type { CompletionWork } from "./work.js";

export interface DecodeOptions {
  policy: Policy;
  slots: Slots;
  /** Whose turn it is. */
  client: string;
  /** By index: prompt p, completion c is `choices[p n + c]`. */
  choices: readonly Choice[];
  signal: AbortSignal;
  observer: DecodeObserver;
}

/** Is told what happens. */
export interface DecodeObserver {
  /** So many completions got a slot. */
  started(count: number): void;
  /** Tokens were sampled; the choices have them. */
  sampled(numTokens: number): void;
  ended(choice: Choice): void;
}

/** What `FreshTokens.endings` stands for. */
const endings: readonly (FinishReason | undefined)[] = [undefined, "stop", "length"];

/** Resolves when the last completion has ended. @throws what the engine throws; ERPRM_ABORTED */
export async function decodeCompletions(work: CompletionWork, options: DecodeOptions): Promise<void> {
  // One piece that fails takes the others with it.
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  // Every piece listens; Node takes more than ten for a leak.
  setMaxListeners(0, signal);
  const pieces: Promise<void>[] = [];
  try {
    for (const [promptIndex, prompt] of work.prompts.entries()) {
      for (let first = 0; first < work.n; ) {
        const count = await options.slots.acquire(options.client, work.n - first, signal);
        const piece = decodePiece(work, { promptIndex, prompt, first, count }, { ...options, signal });
        piece.catch((error: unknown) => failing.abort(error));
        pieces.push(piece);
        first += count;
      }
    }
    await Promise.all(pieces);
  } catch (error) {
    // Only the first abort counts: what failed, not what was given up for it.
    failing.abort(error);
    await Promise.allSettled(pieces);
    if (options.signal.aborted) throw abortedError(options.signal);
    throw failing.signal.reason;
  }
}

function sampledToken(fresh: FreshTokens, i: number): SampledToken {
  const { tokens, logProbabilities, alternatives, alternativeLogProbabilities } = fresh;
  const count = alternatives.length / tokens.length;
  return {
    id: tokens[i] as number,
    logProbability: logProbabilities[i] as number,
    alternatives: Array.from(alternatives.subarray(i * count, (i + 1) * count), (id, k) => ({
      id,
      // Near temperature 0 it is -Infinity, which JSON does not have.
      logProbability: Math.max(alternativeLogProbabilities[i * count + k] as number, -Number.MAX_VALUE),
    })),
    finishReason: endings[fresh.endings[i] as number],
  };
}

/** A completion that the memory for keys and values cannot hold even alone never fits: asking again would not help. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof ErprmError) || error.code !== "ERPRM_OUT_OF_MEMORY") return error;
  if (error.details.freeBytes === undefined) return error;
  return requestError(400, error.message, { ...error.details, field: "max_tokens" }, error.code);
}

interface Piece {
  promptIndex: number;
  prompt: Int32Array;
  /** Index of its first completion among those of the prompt. */
  first: number;
  count: number;
}

async function decodePiece(work: CompletionWork, piece: Piece, options: DecodeOptions): Promise<void> {
  const { promptIndex, prompt, first, count } = piece;
  const { policy, slots, client, choices, signal, observer } = options;
  const firstChoice = promptIndex * work.n + first;
  let running = count;
  const onTokens = (fresh: FreshTokens) => {
    let ended = 0;
    for (const [i, row] of fresh.rows.entries()) {
      const choice = choices[firstChoice + row] as Choice;
      choice.push(sampledToken(fresh, i));
      if (choice.finishReason === undefined) continue;
      ended += 1;
      observer.ended(choice);
    }
    running -= ended;
    slots.release(client, ended);
    observer.sampled(fresh.rows.length);
  };
  try {
    observer.started(count);
    await policy.rolloutTrunk({
      ...promptCompletions(promptIndex, prompt, count, first),
      seed: work.seed,
      sampling: work.sampling,
      onTokens,
      numAlternatives: work.numAlternatives,
      signal,
    });
  } catch (error) {
    throw refusalOf(error);
  } finally {
    // Of one that failed or was cancelled: the engine lets go of it before its next iteration.
    slots.release(client, running);
  }
}
