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
  /** The most probable tokens in its place and itself, by text; null where only the chosen ones are asked for. */
  top_logprobs: Record<string, number>[] | null;
  /** Characters (code points) of the completion's text before the token. */
  text_offset: number[];
}

/** A token as clients are told of it. */
export interface TokenInText {
  bytes: Uint8Array;
  /** Special tokens have a name and no bytes. */
  name?: string | undefined;
  logProbability: number;
}

interface Noted extends TokenInText {
  alternatives: readonly TokenInText[];
  /** Bytes of the completion up to and with the token. */
  end: number;
}

const textOf = ({ name, bytes }: TokenInText) => name ?? utf8Decode(bytes);

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export class TokenLog {
  readonly #withAlternatives: boolean;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #waiting: Noted[] = [];
  #numBytes = 0;
  /** Characters that are complete in what was let go. */
  #offset = 0;

  /** @param withAlternatives whether `top_logprobs` is told */
  constructor(withAlternatives = false) {
    this.#withAlternatives = withAlternatives;
  }

  /** @param alternatives the most probable tokens in its place, most probable first */
  add(token: TokenInText, alternatives: readonly TokenInText[] = []): void {
    this.#numBytes += token.bytes.length;
    this.#waiting.push({ ...token, end: this.#numBytes, alternatives });
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
    const offsets = tokens.map(({ bytes }) => {
      const offset = this.#offset;
      this.#offset += codePoints(this.#decoder.decode(bytes, { stream: true }));
      return offset;
    });
    return {
      tokens: tokens.map(textOf),
      token_logprobs: tokens.map(({ logProbability }) => logProbability),
      top_logprobs: this.#withAlternatives ? tokens.map(byText) : null,
      text_offset: offsets,
    };
  }
}

/** Of two with the same text (parts of characters have U+FFFD) the more probable one; the chosen token at the end. */
function byText({ alternatives, ...chosen }: Noted): Record<string, number> {
  const told = new Map<string, number>();
  for (const token of [...alternatives, chosen]) {
    const text = textOf(token);
    if (!told.has(text)) told.set(text, token.logProbability);
  }
  return Object.fromEntries(told);
}

/** One after the other; absent when there is none. */
export function joinTokenLogs(logs: readonly TokenLogProbabilities[]): TokenLogProbabilities | undefined {
  const [first] = logs;
  if (first === undefined || logs.length === 1) return first;
  return {
    tokens: logs.flatMap(({ tokens }) => tokens),
    token_logprobs: logs.flatMap((log) => log.token_logprobs),
    top_logprobs: first.top_logprobs && logs.flatMap((log) => log.top_logprobs ?? []),
    text_offset: logs.flatMap((log) => log.text_offset),
  };
}
