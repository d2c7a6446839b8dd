/** Random draws as a function of a key: the same key gives the same draws on every machine. */
import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

export class Random {
  readonly #generator;

  constructor(key: string) {
    const digest = createHash("sha256").update(key, "utf8").digest();
    this.#generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  }

  /** An integer in [low, high], each as likely as the others. */
  integer(low: number, high: number): number {
    return uniformInt(this.#generator, low, high);
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.integer(0, 99) < percent;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)] as T;
  }

  /** `count` of the values, none twice, in random order. */
  several<T>(values: readonly T[], count: number): T[] {
    const rest = [...values];
    return Array.from({ length: count }, () => rest.splice(this.integer(0, rest.length - 1), 1)[0] as T);
  }
}
