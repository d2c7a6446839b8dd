/**
 * Subsets of a problem's candidates, for estimators without a closed form: all of them where they are few, otherwise many random
 * ones. The random ones are a function of (seed, problem, N) and of nothing else, so that all models and methods choose
 * from the same subsets and comparisons stay paired.
 */
import { type DrawInteger, randomStream } from "../statistics/random.js";
import { binomialUpTo } from "./binomial.js";
import type { Computation } from "./evaluation.js";

export interface Subsets {
  /** N */
  size: number;
  count: number;
  /** Places of candidates, subset after subset: [count * N]. */
  places: Int32Array;
  /** `exact`: these are all subsets. */
  computation: Computation;
}

export const defaultNumSubsets = 1000;

/** Places (count * N) of all subsets up to which they are enumerated even if random ones would be fewer. */
export const maxEnumeratedPlaces = 2 ** 17;

export interface SubsetOptions {
  seed: number;
  problemId: string;
  /** Random subsets, unless there are not many more of all. */
  numSubsets: number;
}

/** `size`-subsets of 0 .. `numPooled` - 1; 1 <= `size` <= `numPooled`. */
export function subsetsOf(numPooled: number, size: number, { seed, problemId, numSubsets }: SubsetOptions): Subsets {
  const count = binomialUpTo(numPooled, size, Math.max(numSubsets, Math.floor(maxEnumeratedPlaces / size)));
  if (Number.isFinite(count)) {
    return { size, count, places: allSubsets(numPooled, size, count), computation: "exact" };
  }
  const draw = randomStream(seed, "subsets", problemId, size);
  return {
    size,
    count: numSubsets,
    places: randomSubsets(numPooled, size, numSubsets, draw),
    computation: "resampled",
  };
}

/** In lexicographic order. */
function allSubsets(numPooled: number, size: number, count: number): Int32Array {
  const places = new Int32Array(count * size);
  const subset = Int32Array.from({ length: size }, (_, i) => i);
  for (let s = 0; s < count; s++) {
    places.set(subset, s * size);
    let i = size - 1;
    while (i >= 0 && subset[i] === numPooled - size + i) i--;
    if (i < 0) break;
    subset[i] = (subset[i] as number) + 1;
    for (let j = i + 1; j < size; j++) subset[j] = (subset[j - 1] as number) + 1;
  }
  return places;
}

/** Independent of each other, each uniform over all subsets: the first `size` of a shuffle. */
function randomSubsets(numPooled: number, size: number, count: number, draw: DrawInteger): Int32Array {
  const places = new Int32Array(count * size);
  // Goes on from the last order: a shuffle is uniform whatever it starts from.
  const order = Int32Array.from({ length: numPooled }, (_, i) => i);
  for (let s = 0; s < count; s++) {
    for (let i = 0; i < size; i++) {
      const other = i + draw(numPooled - i);
      const place = order[other] as number;
      order[other] = order[i] as number;
      order[i] = place;
      places[s * size + i] = place;
    }
  }
  return places;
}
