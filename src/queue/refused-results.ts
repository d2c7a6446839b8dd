/** Results that the writer refused, by unit. What was refused as often as a unit is tried would be refused for ever. */

export class RefusedResults {
  readonly #attempts = new Map<number, Set<string>>();

  /** How many attempts at the unit were refused, with this one. One that is read again counts once. */
  add(place: number, attempt: string): number {
    const attempts = this.#attempts.get(place) ?? new Set();
    this.#attempts.set(place, attempts.add(attempt));
    return attempts.size;
  }
}
