/** How far the logits of rounded weights are from those of exact ones. */

export interface LogitError {
  /** Root of the sum of squared differences over that of squares. */
  relativeL2: number;
  /** Mean Kullback-Leibler divergence from the exact distribution, nats. */
  klNats: number;
  /** Rows whose most probable token is the same. */
  sameBest: number;
}

function peakOf(row: Float32Array): { token: number; logTotal: number } {
  let token = 0;
  for (let v = 1; v < row.length; v++) if ((row[v] as number) > (row[token] as number)) token = v;
  const peak = row[token] as number;
  let total = 0;
  for (const logit of row) total += Math.exp(logit - peak);
  return { token, logTotal: peak + Math.log(total) };
}

/** @param exact and `rounded`: [tokens, vocabulary] @throws where they are not of the same size */
export function logitError(exact: Float32Array, rounded: Float32Array, vocabularySize: number): LogitError {
  if (exact.length !== rounded.length || exact.length === 0 || exact.length % vocabularySize !== 0) {
    throw new Error(
      `Expected rows of ${vocabularySize} logits, received ${exact.length} and ${rounded.length} numbers`,
    );
  }
  const rows = exact.length / vocabularySize;
  let [squaredError, squared, divergence, sameBest] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const a = exact.subarray(row * vocabularySize, (row + 1) * vocabularySize);
    const b = rounded.subarray(row * vocabularySize, (row + 1) * vocabularySize);
    const [peakA, peakB] = [peakOf(a), peakOf(b)];
    if (peakA.token === peakB.token) sameBest += 1;
    for (let v = 0; v < vocabularySize; v++) {
      const [x, y] = [a[v] as number, b[v] as number];
      squaredError += (x - y) ** 2;
      squared += x * x;
      divergence += Math.exp(x - peakA.logTotal) * (x - peakA.logTotal - (y - peakB.logTotal));
    }
  }
  return { relativeL2: Math.sqrt(squaredError / squared), klNats: divergence / rows, sameBest };
}
