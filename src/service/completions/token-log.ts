/**
 * The tokens of a completion with their log-probabilities, let go when their text is: a token that may belong to a stop text
 * waits, one that does is dropped, and one that a stop text begins in keeps what stands before it.
 */
import { utf8Decode } from "../../text/bytes.js";

/** As OpenAI's completions write it; entry i of each list is about the same token. */
export interface TokenLogProbabilities {
  tokens: string[];
  /** ln p at the sampling temperature, before truncation, nats. */
  token_logprobs: number[];
  /** This server tells of chosen tokens only. */
  top_logprobs: null;
  /** Characters (code points) of the completion's text before the token. */
  text_offset: number[];
}

interface Noted {
  /** Special tokens have a name and no bytes. */
  name: string | undefined;
  bytes: Uint8Array;
  /** Bytes of the completion up to and with the token. */
  end: number;
  logProbability: number;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export class TokenLog {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #waiting: Noted[] = [];
  #numBytes = 0;
  /** Characters that are complete in what was let go. */
  #offset = 0;

  add(bytes: Uint8Array, logProbability: number, name?: string): void {
    this.#numBytes += bytes.length;
    this.#waiting.push({ name, bytes, end: this.#numBytes, logProbability });
  }

  /** The tokens whose bytes all lie among the first `numSent`; absent when there is none. */
  release(numSent: number): TokenLogProbabilities | undefined {
    const count = this.#waiting.findIndex(({ end }) => end > numSent);
    return this.#tell(this.#waiting.splice(0, count < 0 ? this.#waiting.length : count));
  }

  /** The completion ended after `numSent` bytes: its last tokens, the one that holds the cut shortened. */
  end(numSent: number): TokenLogProbabilities | undefined {
    const kept = this.#waiting.filter(({ end, bytes }) => end <= numSent || end - bytes.length < numSent);
    const cut = kept.map((noted) => {
      const beyond = Math.max(0, noted.end - numSent);
      return { ...noted, bytes: noted.bytes.subarray(0, noted.bytes.length - beyond) };
    });
    this.#waiting.length = 0;
    return this.#tell(cut);
  }

  #tell(tokens: readonly Noted[]): TokenLogProbabilities | undefined {
    if (tokens.length === 0) return undefined;
    const told: TokenLogProbabilities = { tokens: [], token_logprobs: [], top_logprobs: null, text_offset: [] };
    for (const { name, bytes, logProbability } of tokens) {
      told.tokens.push(name ?? utf8Decode(bytes));
      told.token_logprobs.push(logProbability);
      told.text_offset.push(this.#offset);
      this.#offset += codePoints(this.#decoder.decode(bytes, { stream: true }));
    }
    return told;
  }
}

/** One after the other. */
export function joinTokenLogs(
  before: TokenLogProbabilities | undefined,
  after: TokenLogProbabilities | undefined,
): TokenLogProbabilities | undefined {
  if (before === undefined || after === undefined) return before ?? after;
  return {
    tokens: [...before.tokens, ...after.tokens],
    token_logprobs: [...before.token_logprobs, ...after.token_logprobs],
    top_logprobs: null,
    text_offset: [...before.text_offset, ...after.text_offset],
  };
}
