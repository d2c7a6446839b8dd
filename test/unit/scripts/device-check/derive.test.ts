import test from "ava";
import { importScript } from "../../../support/script.js";

interface Rates {
  bytesPerSecond: number;
  operationsPerSecond: number;
}
interface Row {
  name: string;
  rate?: number;
  share?: number;
  aim?: number;
  verdict?: string;
  isCached?: boolean;
}
const { cardRates, decodeRoofline, tableRows } = await importScript<{
  cardRates(results: unknown[]): Partial<Rates>;
  decodeRoofline(run: Record<string, number>, rates: Rates): number;
  tableRows(results: { device: string; stages: Record<string, { results?: unknown[] }> }): Row[];
}>("device-check/derive.mjs");
const { h200Rates, leastSeconds, publishedRates } = await importScript<{
  h200Rates: Rates;
  leastSeconds(work: Record<string, number>, rates: Rates): number;
  publishedRates(run: Record<string, number>, rates: Rates): { engine: string; tokensPerSecond: number }[];
}>("device-check/published.mjs");
const { numberTable, stageTable } = await importScript<{
  numberTable(rows: Row[]): string[];
  stageTable(stages: Record<string, object>, names: string[]): string[];
}>("device-check/table.mjs");

const copy = { bench: "copy", case: "4 GiB", seconds: 2, low: 1.9, high: 2.1, bytes: 8e12, operations: 0 };
const cached = { ...copy, case: "64 MiB", bytes: 2 ** 27, seconds: 1e-6 };
const square = { ...copy, bench: "matrix-rate", case: "square", seconds: 1, bytes: 1, operations: 8e14 };
const rates = { bytesPerSecond: 4e12, operationsPerSecond: 8e14 };
const spread = (median: number) => ({ median, low: median, high: median });
const run = { rowsATrunk: 32, trunkTokens: 512, tokens: 256, multiplied: 8e9, kvBytesPerToken: 131072, prefixes: 1 };
const decode = {
  ...{ bench: "decode", case: "8b", shape: "llama-3.1-8b", batch: 256, ...run },
  ...{ seconds: spread(2), tokensPerSecond: spread(36000), prefillSeconds: 0.5, iterationSeconds: 0.0065 },
};

test("rates of the card are the best measured, of copies that no cache holds, and undefined without a measurement", (t) => {
  t.deepEqual(cardRates([copy, { ...copy, seconds: 4 }, cached, square]), rates);
  t.deepEqual(cardRates([]), { bytesPerSecond: undefined, operationsPerSecond: undefined });
  // Toy sizes alone: better those than none.
  t.is(cardRates([cached]).bytesPerSecond, 2 ** 27 * 1e6);
});

test("the roofline of decoding reads weights once an iteration until multiplying takes longer", (t) => {
  // 16 GB of weights: 4 ms; 1 trunk and 32 x 128 own tokens of 128 KiB.
  t.true(Math.abs(decodeRoofline({ ...run, batch: 32 }, rates) - 32 / (0.004 + (4608 * 131072) / 4e12)) < 1e-6);
  // 1024 rows: 16.4 TFLOP in 20.5 ms.
  const many = 1024 / ((2 * 8e9 * 1024) / 8e14 + ((32 * 512 + 1024 * 128) * 131072) / 4e12);
  t.true(Math.abs(decodeRoofline({ ...run, batch: 1024 }, rates) - many) < 1e-6);
});

test("a published rate is scaled by the least time of both works", (t) => {
  // Prefill of one trunk; weights read faster than multiplied; every row reads its whole context.
  const work = {
    batch: 32,
    trunkTokens: 512,
    promptTokens: 512,
    tokens: 256,
    multiplied: 8e9,
    kvBytesPerToken: 131072,
  };
  const expected = (2 * 8e9 * 512) / 8e14 + 256 * (0.004 + (32 * 640 * 131072) / 4e12);
  t.true(Math.abs(leastSeconds(work, rates) - expected) < 1e-9);
  // The published work itself, unshared, on the published card gives the published rate.
  const published = {
    ...{ batch: 256, rowsATrunk: 1, trunkTokens: 1024, tokens: 1024, kvBytesPerToken: 147456 },
    multiplied: 36 * (4096 * 6144 + 4096 * 4096 + 3 * 4096 * 12288) + 4096 * 151936,
  };
  const [sglang, vllm] = publishedRates(published, h200Rates);
  t.is(sglang?.engine, "SGLang");
  t.is(sglang?.tokensPerSecond.toFixed(0), "8497");
  t.is(vllm?.tokensPerSecond.toFixed(0), (8497.4 * (12553 / 16215)).toFixed(0));
  const half = { bytesPerSecond: 2.15e12, operationsPerSecond: 394e12 };
  t.true(Math.abs((publishedRates(published, half)[0]?.tokensPerSecond ?? 0) - 8497.2 / 2) < 1);
});

test("the table holds a row for every result, with its share of the card, its aim and whether it is met", (t) => {
  const peer = {
    ...{ bench: "transformers", case: "eager", shape: "llama-3.1-8b", batch: 256 },
    ...{ seconds: spread(1), tokensPerSecond: spread(4800) },
  };
  const label = { ...copy, bench: "log-mean-exp", case: "many", seconds: 0.25, bytes: 9e11 };
  const score = {
    ...{
      bench: "score",
      case: "8b",
      seconds: spread(1),
      tokensPerSecond: spread(5),
      operationsPerSecond: spread(2e14),
    },
  };
  const stages = {
    kernels: { results: [copy, cached, square, label] },
    runs: { results: [decode, score, peer] },
    broken: {},
  };
  const rows = tableRows({ device: "cuda", stages });
  t.deepEqual(
    rows.map(({ name, verdict }) => [name.replace(/\(\d+\)/, "(N)"), verdict]),
    [
      ["copy: 4 GiB", undefined],
      ["copy: 64 MiB", undefined],
      ["matrix-rate: square", undefined],
      ["log-mean-exp: many", "met"],
      ["decode: 8b", "met"],
      ["  of it, prefill and the first token", undefined],
      ["  an iteration", undefined],
      ["score: 8b", "missed"],
      ["transformers: eager", undefined],
      ["decode / transformers: llama-3.1-8b, eager", "missed"],
      ["decode / SGLang as published, scaled (N): batch 256", "met"],
      ["decode / vLLM as published, scaled (N): batch 256", "met"],
    ],
  );
  t.deepEqual(
    [0, 2, 3, 7].map((i) => rows[i]?.share),
    [1, 1, 0.9, 0.25],
  );
  t.is(rows[9]?.rate, 7.5);
  t.deepEqual([rows[0]?.isCached, rows[1]?.isCached], [false, false]);
  t.true(tableRows({ device: "cuda", stages: { a: { results: [{ ...label, bytes: 1e6 }] } } })[0]?.isCached);
  t.is(tableRows({ device: "cuda-emulated", stages }).filter(({ verdict }) => verdict).length, 0);
});

test("tables print one line a row, the aims as what they are, and the reason of a stage in one line", (t) => {
  const stages = { kernels: { results: [copy, square, { ...copy, bytes: 2 ** 20 }] }, runs: { results: [decode] } };
  const lines = numberTable(tableRows({ device: "cuda", stages }));
  t.is(lines.length, 10);
  const share = ((36000 / decodeRoofline({ ...run, batch: 256 }, rates)) * 100).toFixed(1);
  t.regex(
    lines.find((line) => line.startsWith("decode: 8b")) ?? "",
    new RegExp(`36000 +tokens/s +${share} % +80 % +met`),
  );
  t.regex(lines.find((line) => line.includes("SGLang")) ?? "", /times +1 +met$/);
  t.regex(lines.at(-1) ?? "", /^\* /);
  const failed = { status: "failed", seconds: 3, commit: "0123456789abcdef", reason: "one\ntwo" };
  t.deepEqual(stageTable({ a: { ...failed, tests: { passed: 1, failed: 2 } } }, ["a", "b"]), [
    "stage  status   seconds               tests  commit     reason",
    "a      failed         3  1 passed, 2 failed  012345678  one",
    "b      not run",
  ]);
});
