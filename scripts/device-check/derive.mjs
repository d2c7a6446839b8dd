/** Numbers of the table: rates of what was measured, and their shares of what the card can do (the copy and matrix rates). */

const best = (results, bench, rate) =>
  Math.max(...results.filter((one) => one.bench === bench).map(rate), Number.NEGATIVE_INFINITY);

/** @returns {{ bytesPerSecond?: number, operationsPerSecond?: number }} measured, or undefined where they were not */
export function cardRates(results) {
  const bytes = best(results, "copy", ({ bytes, seconds }) => bytes / seconds);
  const operations = best(results, "matrix-rate", ({ operations, seconds }) => operations / seconds);
  return {
    bytesPerSecond: Number.isFinite(bytes) ? bytes : undefined,
    operationsPerSecond: Number.isFinite(operations) ? operations : undefined,
  };
}

/**
 * Tokens a second that the card's two rates allow a run of decoding: in an iteration the weights are read once, or multiplied with
 * every row, whatever takes longer; then each trunk's keys and values are read once and those of the rows' own tokens, of which there
 * are half of the most on average. Prefill, sampling, the small kernels and the host are what is lost.
 */
export function decodeRoofline(run, { bytesPerSecond, operationsPerSecond }) {
  const { batch, rowsATrunk, trunkTokens, tokens, multiplied, kvBytesPerToken } = run;
  const weights = Math.max((2 * multiplied) / bytesPerSecond, (2 * multiplied * batch) / operationsPerSecond);
  const tokensRead = (batch / rowsATrunk) * trunkTokens + (batch * tokens) / 2;
  return batch / (weights + (tokensRead * kvBytesPerToken) / bytesPerSecond);
}

function kernelRow(result, rates) {
  const { bench, case: which, seconds, bytes, operations } = result;
  const isMatrix = bench.startsWith("matrix");
  const [rate, unit, most] = isMatrix
    ? [operations / seconds / 1e12, "TFLOP/s", rates.operationsPerSecond / 1e12]
    : [bytes / seconds / 1e9, "GB/s", rates.bytesPerSecond / 1e9];
  return { name: `${bench}: ${which}`, rate, unit, share: rate / most, milliseconds: seconds * 1e3 };
}

function runRow(result, rates) {
  const { bench, case: which, tokensPerSecond, operationsPerSecond } = result;
  const row = {
    name: `${bench}: ${which}`,
    rate: tokensPerSecond.median,
    unit: "tokens/s",
    milliseconds: result.seconds.median * 1e3,
  };
  if (bench === "decode") return { ...row, share: tokensPerSecond.median / decodeRoofline(result, rates) };
  if (operationsPerSecond) {
    return {
      ...row,
      share: operationsPerSecond.median / rates.operationsPerSecond,
      teraflops: operationsPerSecond.median / 1e12,
    };
  }
  return row;
}

/** How many times transformers' tokens a second decoding makes, where both were measured for a shape and a batch. */
function peerRows(results) {
  return results
    .filter(({ bench }) => bench === "transformers")
    .flatMap((peer) => {
      const ours = results.find(
        ({ bench, shape, batch, prefixes }) =>
          bench === "decode" && shape === peer.shape && batch === peer.batch && prefixes === 1,
      );
      if (!ours) return [];
      const times = ours.tokensPerSecond.median / peer.tokensPerSecond.median;
      return [{ name: `decode / transformers: ${peer.shape}, ${peer.case}`, rate: times, unit: "times" }];
    });
}

/** One row a result, in the order of the stages. */
export function tableRows(stages) {
  const results = Object.values(stages).flatMap((stage) => stage.results ?? []);
  const rates = cardRates(results);
  return [
    ...results.map((one) => (typeof one.seconds === "number" ? kernelRow(one, rates) : runRow(one, rates))),
    ...peerRows(results),
  ];
}
