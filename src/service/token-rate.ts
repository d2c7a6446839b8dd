/** Tokens a second of the last passes: what a full queue is estimated with. */

/** Seconds of work after which an old measurement counts a third. */
const memorySeconds = 10;

export class TokenRate {
  #tokens = 0;
  #seconds = 0;

  add(numTokens: number, seconds: number): void {
    const kept = Math.exp(-seconds / memorySeconds);
    this.#tokens = this.#tokens * kept + numTokens;
    this.#seconds = this.#seconds * kept + seconds;
  }

  /** Seconds that so many tokens take; undefined while nothing was measured. */
  secondsFor(numTokens: number): number | undefined {
    return this.#seconds > 0 && this.#tokens > 0 ? (numTokens * this.#seconds) / this.#tokens : undefined;
  }
}
