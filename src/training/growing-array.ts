/** A typed array that grows: hundreds of thousands of sequences lie in one block, not in as many objects. */

type Numbers = Int32Array | Float32Array;

export class GrowingArray<T extends Numbers> {
  #values: T;
  readonly #make: new (
    length: number,
  ) => T;
  length = 0;

  constructor(make: new (length: number) => T, capacity = 1024) {
    this.#make = make;
    this.#values = new make(capacity);
  }

  append(values: ArrayLike<number>): void {
    const end = this.length + values.length;
    this.#reserve(end);
    this.#values.set(values as never, this.length);
    this.length = end;
  }

  push(value: number): void {
    this.#reserve(this.length + 1);
    this.#values[this.length] = value;
    this.length += 1;
  }

  #reserve(length: number): void {
    if (length <= this.#values.length) return;
    const larger = new this.#make(Math.max(length, Math.ceil(this.#values.length * 1.5)));
    larger.set(this.#values.subarray(0, this.length) as never);
    this.#values = larger;
  }

  at(index: number): number {
    return this.#values[index] as number;
  }

  /** A view; it sees later changes until the array grows. */
  view(start = 0, end = this.length): T {
    return this.#values.subarray(start, Math.min(end, this.length)) as T;
  }
}
