/**
 * Spearman's rank correlation: Pearson's correlation of the ranks of x and y, where equal values share the mean of their
 * ranks. With weights that are counts it is that of the sample in which every pair is repeated so often.
 */
import { failArgument } from "../check.js";

/** The correlation, -1 to 1, of the pairs with these weights; NaN where x or y does not vary. */
export type WeightedCorrelation = (weights: ArrayLike<number>) => number;

/** Sorts once, so that each of many weightings costs two passes. @throws ERPRM_INVALID_ARGUMENT unless there is a y for each x */
export function rankCorrelationOf(x: ArrayLike<number>, y: ArrayLike<number>): WeightedCorrelation {
  if (x.length !== y.length) failArgument("y", `${x.length} numbers, one for each x,`, y.length);
  const xTies = tiesOf("x", x);
  const yTies = tiesOf("y", y);
  return (weights) => {
    const xRanks = new Ranks(xTies, weights);
    const yRanks = new Ranks(yTies, weights);
    let product = 0;
    for (const i of xTies.order) {
      const xRank = xRanks.centred[xTies.numbers[i] as number] as number;
      product += (weights[i] as number) * xRank * (yRanks.centred[yTies.numbers[i] as number] as number);
    }
    return product / Math.sqrt(xRanks.variation * yRanks.variation);
  };
}

/** @throws as `rankCorrelationOf` */
export function rankCorrelation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return rankCorrelationOf(x, y)(new Float64Array(x.length).fill(1));
}

interface Ties {
  /** Places, ascending by value. */
  order: Int32Array;
  /** By place: the number of the value among the distinct ones, ascending. */
  numbers: Int32Array;
  numDistinct: number;
}

function tiesOf(name: string, values: ArrayLike<number>): Ties {
  const order = Int32Array.from({ length: values.length }, (_, i) => i);
  for (const i of order) if (!Number.isFinite(values[i])) failArgument(`${name}[${i}]`, "a finite number", values[i]);
  order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  const numbers = new Int32Array(values.length);
  let numDistinct = 0;
  let last: number | undefined;
  for (const i of order) {
    if (values[i] !== last) numDistinct++;
    last = values[i];
    numbers[i] = numDistinct - 1;
  }
  return { order, numbers, numDistinct };
}

/** Ranks of the distinct values, their mean subtracted, and the weighted sum of their squares. */
class Ranks {
  readonly centred: Float64Array;
  readonly variation: number;

  constructor({ order, numbers, numDistinct }: Ties, weights: ArrayLike<number>) {
    const mass = new Float64Array(numDistinct);
    for (const i of order) {
      const number = numbers[i] as number;
      mass[number] = (mass[number] as number) + (weights[i] as number);
    }
    const total = mass.reduce((sum, weight) => sum + weight, 0);
    this.centred = new Float64Array(numDistinct);
    let below = 0;
    let variation = 0;
    for (let g = 0; g < numDistinct; g++) {
      const weight = mass[g] as number;
      // The ranks of a tie are below + 1 .. below + weight, the mean of all ranks is (total + 1) / 2.
      const rank = below + weight / 2 - total / 2;
      this.centred[g] = rank;
      variation += weight * rank ** 2;
      below += weight;
    }
    this.variation = variation;
  }
}
