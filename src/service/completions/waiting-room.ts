/**
 * How many completions may wait for a slot: requests beyond that are refused at once, so that their clients try again later
 * or elsewhere. Counted from a request's arrival on, so while its model is being loaded too.
 */

const maxRetryAfterSeconds = 60;
/** Weight of the last completion in the running mean. */
const meanWeight = 0.05;

export class WaitingRoom {
  readonly #maxWaiting: number;
  readonly #waiting = new Map<string, number>();
  #numWaiting = 0;
  /** Mean seconds between the ends of two completions. */
  #secondsBetween: number | undefined;
  #lastEnd: number | undefined;

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** Completions that have no slot yet. */
  get numWaiting(): number {
    return this.#numWaiting;
  }

  numWaitingOf(client: string): number {
    return this.#waiting.get(client) ?? 0;
  }

  /**
   * Lets the completions of a request in; false: there is no room for them. A client may hold half of the room. An empty
   * room takes anything: what fits nowhere else would never be decoded.
   */
  enter(client: string, count: number): boolean {
    const ofClient = this.numWaitingOf(client);
    const isFull = this.#numWaiting > 0 && this.#numWaiting + count > this.#maxWaiting;
    const hasHalf = ofClient > 0 && ofClient + count > this.#maxWaiting / 2;
    if (isFull || hasHalf) return false;
    this.#change(client, count);
    return true;
  }

  /** They were started or given up. */
  leave(client: string, count: number): void {
    this.#change(client, -count);
  }

  /** A completion has ended, at a time in milliseconds. */
  noteEnd(now: number): void {
    if (this.#lastEnd !== undefined) {
      // A pause between two requests says nothing about the pace.
      const seconds = Math.min((now - this.#lastEnd) / 1000, 10);
      const mean = this.#secondsBetween ?? seconds;
      this.#secondsBetween = mean + meanWeight * (seconds - mean);
    }
    this.#lastEnd = now;
  }

  /** Seconds until half of what waits has been started, from the pace so far; from 1 to 60. */
  get retryAfterSeconds(): number {
    const seconds = Math.ceil((this.#numWaiting / 2) * (this.#secondsBetween ?? 0));
    return Math.min(Math.max(seconds, 1), maxRetryAfterSeconds);
  }

  #change(client: string, count: number): void {
    const left = this.numWaitingOf(client) + count;
    if (left > 0) this.#waiting.set(client, left);
    else this.#waiting.delete(client);
    this.#numWaiting += count;
  }
}
