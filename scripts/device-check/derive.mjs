/** Numbers of the table: rates of what was measured, their shares of what the card can do (the copy and matrix rates), and the aims. */
import { aimOf, peerAim, publishedAim } from "./aims.mjs";
import { publishedRates } from "./published.mjs";

/** Copies of less lie partly in a card's cache (60 MB on an H200), and no rate of its memory is seen. */
const leastCopiedBytes = 2 ** 31;
/** What a kernel moves again in every launch comes from the cache when it is less than about twice that. */
const mostCachedBytes = 2 ** 27;

/** @returns {{ bytesPerSecond?: number, operationsPerSecond?: number }} measured, or undefined where they were not */
export function cardRates(results) {
  const best = (chosen, rate) => (chosen.length > 0 ? Math.max(...chosen.map(rate)) : undefined);
  const copies = results.filter(({ bench }) => bench === "copy");
  const large = copies.filter(({ bytes }) => bytes >= leastCopiedBytes);
  return {
    bytesPerSecond: best(large.length > 0 ? large : copies, ({ bytes, seconds }) => bytes / seconds),
    operationsPerSecond: best(
      results.filter(({ bench }) => bench === "matrix-rate"),
      ({ operations, seconds }) => operations / seconds,
    ),
  };
}

/** Seconds of one iteration in the middle of a run of decoding, as the card's two rates allow it (decodeRoofline). */
export function iterationRoofline(run, { bytesPerSecond, operationsPerSecond }) {
  const { batch, rowsATrunk, trunkTokens, tokens, multiplied, kvBytesPerToken } = run;
  const weights = Math.max((2 * multiplied) / bytesPerSecond, (2 * multiplied * batch) / operationsPerSecond);
  const tokensRead = (batch / rowsATrunk) * trunkTokens + (batch * tokens) / 2;
  return weights + (tokensRead * kvBytesPerToken) / bytesPerSecond;
}

/**
 * Tokens a second that the card's two rates allow a run of decoding: in an iteration the weights are read once, or multiplied with
 * every row, whatever takes longer; then each trunk's keys and values are read once and those of the rows' own tokens, of which there
 * are half of the most on average. Prefill, sampling, the small kernels and the host are what is lost.
 */
export function decodeRoofline(run, rates) {
  return run.batch / iterationRoofline(run, rates);
}

const milli = ({ median, low, high }) => ({ milliseconds: median * 1e3, low: low * 1e3, high: high * 1e3 });

function kernelRow(result, rates) {
  const { bench, case: which, seconds, low, high, bytes, operations } = result;
  const isMatrix = bench.startsWith("matrix");
  const [rate, unit, most] = isMatrix
    ? [operations / seconds / 1e12, "TFLOP/s", rates.operationsPerSecond / 1e12]
    : [bytes / seconds / 1e9, "GB/s", rates.bytesPerSecond / 1e9];
  const isCached = !isMatrix && bytes < mostCachedBytes;
  const row = { name: `${bench}: ${which}`, rate, unit, share: rate / most, isCached, aim: aimOf(result) };
  return { ...row, ...milli({ median: seconds, low, high }) };
}

function runRow(result, rates) {
  const { bench, case: which, tokensPerSecond, operationsPerSecond, seconds } = result;
  const row = {
    ...{ name: `${bench}: ${which}`, rate: tokensPerSecond.median, unit: "tokens/s", aim: aimOf(result) },
    ...milli(seconds),
  };
  if (bench === "decode") return { ...row, share: tokensPerSecond.median / decodeRoofline(result, rates) };
  if (!operationsPerSecond) return row;
  const share = operationsPerSecond.median / rates.operationsPerSecond;
  return { ...row, share, teraflops: operationsPerSecond.median / 1e12 };
}

/** Where the time of a run of decoding went: its prefill, and an iteration beside what the card allows for one. */
function splitRows(result, rates) {
  const { bench, batch, prefillSeconds, iterationSeconds } = result;
  if (bench !== "decode" || iterationSeconds === undefined) return [];
  const share = iterationRoofline(result, rates) / iterationSeconds;
  return [
    { name: "  of it, prefill and the first token", milliseconds: prefillSeconds * 1e3 },
    {
      name: "  an iteration",
      rate: batch / iterationSeconds,
      unit: "tokens/s",
      share,
      milliseconds: iterationSeconds * 1e3,
    },
  ];
}

const isPlainDecode = ({ bench, prefixes }) => bench === "decode" && prefixes === 1;

/** How many times transformers' tokens a second decoding makes, where both were measured for a shape and a batch. */
function peerRows(results) {
  return results
    .filter(({ bench }) => bench === "transformers")
    .flatMap((peer) => {
      const ours = results.find((one) => isPlainDecode(one) && one.shape === peer.shape && one.batch === peer.batch);
      if (!ours) return [];
      const times = ours.tokensPerSecond.median / peer.tokensPerSecond.median;
      return [{ name: `decode / transformers: ${peer.shape}, ${peer.case}`, rate: times, unit: "times", aim: peerAim }];
    });
}

/** How many times the published rates, scaled to the same work: of the shape that they were published for. */
function publishedRows(results, rates) {
  if (!rates.bytesPerSecond || !rates.operationsPerSecond) return [];
  return results
    .filter((one) => isPlainDecode(one) && one.shape === "llama-3.1-8b")
    .flatMap((run) =>
      publishedRates(run, rates).map(({ engine, tokensPerSecond }) => ({
        name: `decode / ${engine} as published, scaled (${tokensPerSecond.toFixed(0)}): batch ${run.batch}`,
        ...{ rate: run.tokensPerSecond.median / tokensPerSecond, unit: "times", aim: publishedAim },
      })),
    );
}

/** `verdict`: is the aim met? Shares and times count, and numbers of a card alone. */
function judged(row, device) {
  const value = row.unit === "times" ? row.rate : row.share;
  if (row.aim === undefined || device !== "cuda" || !Number.isFinite(value)) return row;
  return { ...row, verdict: value >= row.aim ? "met" : "missed" };
}

/**
 * One row a result, in the order of the stages, then the comparisons.
 * @param {import("./results.mjs").Results} all
 */
export function tableRows({ device, stages }) {
  const results = Object.values(stages).flatMap((stage) => stage.results ?? []);
  const rates = cardRates(results);
  const rows = results.flatMap((one) =>
    typeof one.seconds === "number" ? [kernelRow(one, rates)] : [runRow(one, rates), ...splitRows(one, rates)],
  );
  return [...rows, ...peerRows(results), ...publishedRows(results, rates)].map((row) => judged(row, device));
}
