/** Encoding runs on the event loop, which other requests need too: those who encode much pause now and then. */

/** About a millisecond or two of encoding. */
const charactersBetweenPauses = 16_384;
/** Of every piece, however short. */
const characterCost = 1_000;

export class Pauses {
  #characters = 0;

  /** After a piece of so many characters. */
  async after(numCharacters: number): Promise<void> {
    this.#characters += characterCost + numCharacters;
    if (this.#characters < charactersBetweenPauses) return;
    this.#characters = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
