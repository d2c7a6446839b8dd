/** Solutions that a reward model cannot score: counted, named, and an error when they are more than is allowed. */
import type { Place } from "../../data/data-error.js";
import { ErprmError } from "../../errors.js";

const numNamed = 3;

/** `FILE:3 (problem "x" solution 0: why)`. */
export function unfitText(
  { problemId, index, place }: { problemId: string; index: number; place: Place },
  reason: string,
): string {
  return `${place.file}:${place.line} (problem ${JSON.stringify(problemId)} solution ${index}: ${reason})`;
}

export class UnfitSolutions {
  readonly #numAllowed: number;
  readonly #described: string[] = [];
  count = 0;

  /** @param share of `numSolutions` that may be left out, in [0, 1] */
  constructor(share: number, numSolutions: number) {
    this.#numAllowed = Math.floor(share * numSolutions + 1e-9);
  }

  /** @throws ERPRM_INVALID_DATA {file, line, numUnfit} for one more than is allowed */
  add(solution: { problemId: string; index: number; place: Place }, reason: string): void {
    this.count += 1;
    const { file, line } = solution.place;
    const described = unfitText(solution, reason);
    if (this.count <= this.#numAllowed) {
      if (this.#described.length < numNamed) this.#described.push(described);
      return;
    }
    const before = this.count === 1 ? "" : `, after ${this.count - 1} others that were left out`;
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected a solution that can be scored, found ${described}${before}; --max-faults SHARE leaves such solutions out, counted and named`,
      { file, line, numUnfit: this.count },
    );
  }

  /** "left out: 12 solutions that cannot be scored, FILE:3 (problem "x" solution 0: ...) and others"; undefined for none. */
  describe(): string | undefined {
    if (this.count === 0) return undefined;
    const more = this.count > this.#described.length ? " and others" : "";
    return `left out: ${this.count} solutions that cannot be scored, ${this.#described.join(", ")}${more}`;
  }
}
