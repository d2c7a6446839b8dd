/** Fractions and percentages: how a text says them, and how a solution computes them. */

export interface Fraction {
  numerator: number;
  denominator: number;
  /** "half", "a third", "3/4", "25%": stands in front of "of". */
  words: readonly string[];
}

const unit: [number, string][] = [
  [2, "half"],
  [3, "a third"],
  [4, "a quarter"],
  [5, "a fifth"],
  [8, "an eighth"],
  [10, "a tenth"],
];

const compound: [number, number][] = [
  [2, 3],
  [3, 4],
  [2, 5],
  [3, 5],
  [4, 5],
  [3, 8],
  [3, 10],
  [7, 10],
  [9, 10],
];

function percent(numerator: number, denominator: number): string[] {
  const share = (100 * numerator) / denominator;
  return Number.isInteger(share) ? [`${share}%`] : [];
}

export const fractions: readonly Fraction[] = [
  ...unit.map(([denominator, word]) => ({ numerator: 1, denominator, words: [word, ...percent(1, denominator)] })),
  ...compound.map(([numerator, denominator]) => ({
    numerator,
    denominator,
    words: [`${numerator}/${denominator}`, ...percent(numerator, denominator)],
  })),
];

/** The calculation of the fraction of a number: "40 / 4 * 3". */
export function calculation(value: number, { numerator, denominator }: Fraction): string {
  return numerator === 1 ? `${value} / ${denominator}` : `${value} / ${denominator} * ${numerator}`;
}
