/** Whether engines compute the same model: mean ln p of the same tokens, against that of f32 weights. */

/** Weights that engines are compared within. */
export type PrecisionClass = "f32" | "8 bits" | "4 bits";

/** Nats: how far the mean may be from that of f32. Four bits are held to what 8 bits are, and told when they miss it. */
export const tolerances: Record<PrecisionClass, number> = { f32: 1e-3, "8 bits": 1e-2, "4 bits": 1e-2 };

export interface Quality {
  /** Mean ln p, nats. */
  mean: number;
  /** The mean less the reference's. */
  difference: number;
  /** Root of the mean square of the tokens' differences. */
  rms: number;
  agrees: boolean;
}

/** @throws for lists of different lengths and for numbers that are none: the engine did not do the work */
export function compareQuality(
  logProbabilities: readonly number[],
  reference: readonly number[],
  precision: PrecisionClass,
): Quality {
  if (logProbabilities.length !== reference.length || reference.length === 0) {
    throw new Error(`Expected ${reference.length} log-probabilities, received ${logProbabilities.length}`);
  }
  if (![...logProbabilities, ...reference].every(Number.isFinite)) {
    throw new Error("Expected finite log-probabilities");
  }
  const count = reference.length;
  let [sum, squares, total] = [0, 0, 0];
  for (const [i, value] of logProbabilities.entries()) {
    const error = value - (reference[i] as number);
    total += value;
    sum += error;
    squares += error * error;
  }
  const difference = sum / count;
  const agrees = Math.abs(difference) <= tolerances[precision];
  return { mean: total / count, difference, rms: Math.sqrt(squares / count), agrees };
}
