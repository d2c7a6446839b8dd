/** One completion on its way to the client: what has come since it was last asked, and what it is in the end. */
import type { FinishReason } from "../../types.js";
import { type StopTexts, TextStream } from "./text-stream.js";
import { joinTokenLogs, type TokenInText, TokenLog, type TokenLogProbabilities } from "./token-log.js";

/** Tokens as text; see `Tokenizer`. */
export interface TokenText {
  bytesOf(id: number): Uint8Array;
  /** The name of a special token. */
  nameOf(id: number): string | undefined;
}

/** Bytes of an event that a token's log-probability and an id take, about. */
const logBytes = 48;
const idBytes = 8;

interface IdLogProbability {
  id: number;
  logProbability: number;
}

export interface SampledToken extends IdLogProbability {
  /** The most probable tokens in its place, where they are asked for. */
  alternatives: readonly IdLogProbability[];
  finishReason: FinishReason | undefined;
}

export interface ChoiceOptions {
  index: number;
  stop: StopTexts;
  /** Absent: no log-probabilities; else how many of the most probable tokens are told beside each one. */
  numAlternatives: number | undefined;
  withTokenIds: boolean;
}

/** What a client has not been told yet. */
export interface ChoiceNews {
  index: number;
  text: string;
  logprobs: TokenLogProbabilities | undefined;
  tokenIds: number[] | undefined;
  /** Set in the last news. */
  finishReason: FinishReason | undefined;
  /** The stop text that ended it. */
  stop: string | undefined;
}

export class Choice {
  readonly index: number;
  numTokens = 0;
  finishReason: FinishReason | undefined;
  readonly #tokens: TokenText;
  readonly #stream: TextStream;
  readonly #log: TokenLog | undefined;
  readonly #withTokenIds: boolean;
  #unreadBytes = 0;
  // Since the last news.
  #text = "";
  #logs: TokenLogProbabilities[] = [];
  #tokenIds: number[] = [];
  #hasNews = false;

  constructor(tokens: TokenText, { index, stop, numAlternatives, withTokenIds }: ChoiceOptions) {
    this.index = index;
    this.#tokens = tokens;
    this.#stream = new TextStream(stop);
    this.#log = numAlternatives === undefined ? undefined : new TokenLog(numAlternatives > 0);
    this.#withTokenIds = withTokenIds;
  }

  /** One more token; the last one comes with the reason why it is. */
  push({ id, logProbability, alternatives, finishReason }: SampledToken): void {
    this.numTokens += 1;
    const bytes = this.#tokens.bytesOf(id);
    this.#unreadBytes += bytes.length;
    if (this.#log) this.#unreadBytes += logBytes * (1 + alternatives.length);
    if (this.#withTokenIds) this.#unreadBytes += idBytes;
    this.#text += this.#stream.push(bytes);
    this.#log?.add(this.#inText({ id, logProbability }), alternatives.map(this.#inText));
    if (this.#withTokenIds) this.#tokenIds.push(id);
    this.finishReason = finishReason;
    if (finishReason !== undefined) this.#text += this.#stream.end();
    const { numSent } = this.#stream;
    const told = finishReason === undefined ? this.#log?.release(numSent) : this.#log?.end(numSent);
    if (told !== undefined) this.#logs.push(told);
    const isSilent = this.#text === "" && this.#logs.length === 0 && !this.#withTokenIds;
    this.#hasNews = finishReason !== undefined || !isSilent;
  }

  readonly #inText = ({ id, logProbability }: IdLogProbability): TokenInText => ({
    bytes: this.#tokens.bytesOf(id),
    name: this.#tokens.nameOf(id),
    logProbability,
  });

  /** What has come since the last news takes so much, about. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** What has come since the last call; undefined when it is nothing that a client could be told. */
  takeNews(): ChoiceNews | undefined {
    if (!this.#hasNews) return undefined;
    const news: ChoiceNews = {
      index: this.index,
      text: this.#text,
      logprobs: joinTokenLogs(this.#logs),
      tokenIds: this.#withTokenIds ? this.#tokenIds : undefined,
      finishReason: this.finishReason,
      stop: this.finishReason === undefined ? undefined : this.#stream.stop,
    };
    this.#text = "";
    this.#logs = [];
    this.#tokenIds = [];
    this.#unreadBytes = 0;
    this.#hasNews = false;
    return news;
  }
}
