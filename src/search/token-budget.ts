/**
 * Tokens a search may sample for a problem. Completions run side by side in the engine but are counted as if they were
 * sampled one after another, in a fixed order, each to its end: what a budget holds depends on nothing else. The completion
 * that does not fit is lost, what is left is spent on it, and nothing after it counts.
 */
export class TokenBudget {
  readonly #limit: number;
  #used = 0;
  #exceeded = false;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get left(): number {
    return this.#limit - this.#used;
  }

  /** A completion did not fit. */
  get exceeded(): boolean {
    return this.#exceeded;
  }

  /** Counts a completion; false when it does not fit. */
  take(numTokens: number): boolean {
    if (numTokens > this.left) this.#exceeded = true;
    this.#used = this.#exceeded ? this.#limit : this.#used + numTokens;
    return !this.#exceeded;
  }
}
