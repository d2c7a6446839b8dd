/**
 * A number of a story: stated in the text, or computed from others. The quantities of a story are a tree; the worked
 * solution of a question is the part of the tree under the quantity that is asked for, and numbers outside it are of no use.
 */

/** A line of a solution with the calculation in the place of `#`: "There are now # pens." */
export type Line = string;

export class Quantity {
  readonly value: number;
  /** The line that computes it; undefined for a number of the text. */
  readonly line: string | undefined;
  readonly #inputs: readonly Quantity[];

  constructor(value: number, line?: string, inputs: readonly Quantity[] = []) {
    this.value = value;
    this.line = line;
    this.#inputs = inputs;
  }

  /** In a sentence a quantity is its number. */
  toString(): string {
    return String(this.value);
  }

  /** This quantity and all it is computed from, each once, what is needed first in front. */
  needed(found: Set<Quantity> = new Set()): Set<Quantity> {
    if (found.has(this)) return found;
    for (const input of this.#inputs) input.needed(found);
    return found.add(this);
  }

  /** The calculations that lead to it, in order. */
  lines(): string[] {
    return [...this.needed()].map(({ line }) => line).filter((line) => line !== undefined);
  }

  get numSteps(): number {
    return this.lines().length;
  }
}
