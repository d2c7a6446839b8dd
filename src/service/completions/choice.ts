/** One completion on its way to the client: what has come since it was last asked, and what it is in the end. */
import type { FinishReason } from "../../types.js";
import { type StopTexts, TextStream } from "./text-stream.js";
import { joinTokenLogs, TokenLog, type TokenLogProbabilities } from "./token-log.js";

/** Tokens as text; see `Tokenizer`. */
export interface TokenText {
  bytesOf(id: number): Uint8Array;
  /** The name of a special token. */
  nameOf(id: number): string | undefined;
}

export interface ChoiceOptions {
  index: number;
  stop: StopTexts;
  withLogProbabilities: boolean;
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
  // Since the last news.
  #text = "";
  #logprobs: TokenLogProbabilities | undefined;
  #tokenIds: number[] = [];
  #hasNews = false;

  constructor(tokens: TokenText, { index, stop, withLogProbabilities, withTokenIds }: ChoiceOptions) {
    this.index = index;
    this.#tokens = tokens;
    this.#stream = new TextStream(stop);
    this.#log = withLogProbabilities ? new TokenLog() : undefined;
    this.#withTokenIds = withTokenIds;
  }

  /** One more token; the last one comes with the reason why it is. */
  push(id: number, logProbability: number, finishReason?: FinishReason): void {
    this.numTokens += 1;
    const bytes = this.#tokens.bytesOf(id);
    this.#text += this.#stream.push(bytes);
    this.#log?.add(bytes, logProbability, this.#tokens.nameOf(id));
    if (this.#withTokenIds) this.#tokenIds.push(id);
    this.finishReason = finishReason;
    if (finishReason !== undefined) this.#text += this.#stream.end();
    const { numSent } = this.#stream;
    const told = finishReason === undefined ? this.#log?.release(numSent) : this.#log?.end(numSent);
    this.#logprobs = joinTokenLogs(this.#logprobs, told);
    const isSilent = this.#text === "" && this.#logprobs === undefined && !this.#withTokenIds;
    this.#hasNews = finishReason !== undefined || !isSilent;
  }

  /** What has come since the last call; undefined when it is nothing that a client could be told. */
  takeNews(): ChoiceNews | undefined {
    if (!this.#hasNews) return undefined;
    const news: ChoiceNews = {
      index: this.index,
      text: this.#text,
      logprobs: this.#logprobs,
      tokenIds: this.#withTokenIds ? this.#tokenIds : undefined,
      finishReason: this.finishReason,
      stop: this.finishReason === undefined ? undefined : this.#stream.stop,
    };
    this.#text = "";
    this.#logprobs = undefined;
    this.#tokenIds = [];
    this.#hasNews = false;
    return news;
  }
}
