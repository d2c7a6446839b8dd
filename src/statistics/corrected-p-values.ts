/** The p-values of several tests as they are told: corrected for each other, and said where they are no more than a floor. */
import { holm } from "./holm.js";
import type { SignFlipTest } from "./sign-flips.js";

export interface CorrectedPValue {
  /** Two-sided; null: there was no test. */
  pValue: number | null;
  /** Holm's correction over all of these tests. */
  correctedPValue: number | null;
  /** `pValue` is the smallest that so many draws can give: p is about that or less. Absent: it is not. */
  pValueIsFloor?: true;
  /** `correctedPValue` comes from such a p-value, its own or a smaller one: p is about that or less. Absent: it does not. */
  correctedPValueIsFloor?: true;
}

/** With Holm's correction. In the order given; undefined: there was no test, and it does not count. */
export function correctedPValues(tests: readonly (Omit<SignFlipTest, "isExact"> | undefined)[]): CorrectedPValue[] {
  const corrected = holm(tests.map((test) => test?.pValue ?? null));
  // What the correction would be, were every floor as far below what is told as it can be.
  const lowest = holm(tests.map((test) => (test?.isFloor ? 0 : (test?.pValue ?? null))));
  return tests.map((test, i) => {
    const correctedPValue = corrected[i] as number | null;
    return {
      pValue: test?.pValue ?? null,
      correctedPValue,
      ...(test?.isFloor && { pValueIsFloor: true as const }),
      ...(correctedPValue !== (lowest[i] as number | null) && { correctedPValueIsFloor: true as const }),
    };
  });
}
