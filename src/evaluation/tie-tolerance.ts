/** Relative difference up to which scores and sums of scores tie: the same numbers added in another order are off by far less. */
export const tieTolerance = 1e-12;
