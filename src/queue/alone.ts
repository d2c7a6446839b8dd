/**
 * Many at the same time, or one alone: a unit that may take its worker down is worked on with no other beside it, so that it
 * alone is to blame if it does.
 */

export class AloneGate {
  #inside = 0;
  #isAlone = false;
  readonly #waiting: { alone: boolean; enter: () => void }[] = [];

  /** Resolves when the caller may begin, in the order of the calls; the function that it gives ends that. */
  async enter(alone: boolean): Promise<() => void> {
    if (!this.#mayEnter(alone) || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#waiting.push({ alone, enter: resolve }));
    } else {
      this.#begin(alone);
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#inside -= 1;
      this.#isAlone = false;
      this.#wake();
    };
  }

  #mayEnter(alone: boolean): boolean {
    return !this.#isAlone && (!alone || this.#inside === 0);
  }

  #begin(alone: boolean): void {
    this.#inside += 1;
    this.#isAlone = alone;
  }

  #wake(): void {
    for (let [next] = this.#waiting; next && this.#mayEnter(next.alone); [next] = this.#waiting) {
      this.#waiting.shift();
      this.#begin(next.alone);
      next.enter();
    }
  }
}
