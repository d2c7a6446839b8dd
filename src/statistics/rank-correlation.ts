/**
 * Spearman's rank correlation: Pearson's correlation of the ranks of x and y, where equal values share the mean of their
 * ranks. With weights that are counts it is that of the sample in which every pair is repeated so often.
 */
import { failArgument } from "../check.js";

/** The correlation, -1 to 1, of the pairs with these weights; NaN where x or y does not vary. */
export type WeightedCorrelation = (weights: ArrayLike<number>) => number;

/**
 * Sorts once, so that each of many weightings costs two passes. Pair i has the weight `weights[owners[i]]`, by default its own.
 * @throws ERPRM_INVALID_ARGUMENT for arrays of other lengths and numbers that are not finite
 */
export function rankCorrelationOf(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  owners?: ArrayLike<number>,
): WeightedCorrelation {
  if (y.length !== x.length) failArgument("y", `${x.length} numbers, one for each x,`, y.length);
  if (owners && owners.length !== x.length) failArgument("owners", `${x.length} numbers`, owners.length);
  // Everything in ascending order of x: [pairs]. Distinct values are numbered from 0, ascending.
  const order = ascendingPlaces("x", x);
  const inOrder = (values: ArrayLike<number>) => Int32Array.from(order, (i) => values[i] as number);
  const xNumbers = inOrder(distinctNumbers(x, order));
  const yNumbers = inOrder(distinctNumbers(y, ascendingPlaces("y", y)));
  const weightPlaces = owners ? inOrder(owners) : order;
  const yMass = new Float64Array(yNumbers.reduce((most, number) => Math.max(most, number + 1), 0));
  return (weights) => {
    yMass.fill(0);
    let total = 0;
    for (let k = 0; k < order.length; k++) {
      const weight = weights[weightPlaces[k] as number] as number;
      const number = yNumbers[k] as number;
      yMass[number] = (yMass[number] as number) + weight;
      total += weight;
    }
    const yRanks = centredRanks(yMass, total);
    const yVariation = yMass.reduce((sum, mass, g) => sum + mass * (yRanks[g] as number) ** 2, 0);
    let product = 0;
    let xVariation = 0;
    let below = 0;
    for (let k = 0; k < order.length; ) {
      const number = xNumbers[k];
      let mass = 0;
      let ySum = 0;
      for (; k < order.length && xNumbers[k] === number; k++) {
        const weight = weights[weightPlaces[k] as number] as number;
        mass += weight;
        ySum += weight * (yRanks[yNumbers[k] as number] as number);
      }
      const rank = below + (mass - total) / 2;
      product += rank * ySum;
      xVariation += mass * rank ** 2;
      below += mass;
    }
    return product / Math.sqrt(xVariation * yVariation);
  };
}

/** @throws as `rankCorrelationOf` */
export function rankCorrelation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return rankCorrelationOf(x, y)(new Float64Array(x.length).fill(1));
}

function ascendingPlaces(name: string, values: ArrayLike<number>): Int32Array {
  const places = Int32Array.from({ length: values.length }, (_, i) => i);
  for (const i of places) if (!Number.isFinite(values[i])) failArgument(`${name}[${i}]`, "a finite number", values[i]);
  return places.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
}

/** By place: the number of the value among the distinct ones. */
function distinctNumbers(values: ArrayLike<number>, order: Int32Array): Int32Array {
  const numbers = new Int32Array(order.length);
  let number = -1;
  for (const [k, i] of order.entries()) {
    if (k === 0 || values[i] !== values[order[k - 1] as number]) number++;
    numbers[i] = number;
  }
  return numbers;
}

/** Rank of each distinct value minus the mean rank: of a tie below + 1 .. below + mass, of all (total + 1) / 2. */
function centredRanks(masses: Float64Array, total: number): Float64Array {
  let below = 0;
  return masses.map((mass) => {
    const rank = below + (mass - total) / 2;
    below += mass;
    return rank;
  });
}
