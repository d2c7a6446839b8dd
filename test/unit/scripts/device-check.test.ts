import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../support/folder.js";
import { importScript } from "../../support/script.js";

interface StageResult {
  status: string;
  seconds: number;
  reason?: string;
  results?: unknown[];
  tests?: { passed: number; failed: number };
}
interface Commands {
  run(command: string, args: string[]): Promise<{ status: number; lines: string[] }>;
  expect(command: string, args: string[]): Promise<string[]>;
  expectJson(command: string, args: string[]): Promise<unknown[]>;
  before: Record<string, StageResult>;
}
interface Stage {
  name: string;
  seconds: number;
  run(given: Commands): Promise<Record<string, unknown>>;
}

const { runStages } = await importScript<{
  runStages(stages: Stage[], settings: Record<string, unknown>): Promise<{ stages: Record<string, StageResult> }>;
}>("device-check/run-stages.mjs");
const { cardRates, decodeRoofline, tableRows } = await importScript<{
  cardRates(results: unknown[]): { bytesPerSecond?: number; operationsPerSecond?: number };
  decodeRoofline(run: Record<string, number>, rates: { bytesPerSecond: number; operationsPerSecond: number }): number;
  tableRows(stages: Record<string, { results?: unknown[] }>): { name: string; rate: number; share?: number }[];
}>("device-check/derive.mjs");
const { readOptions } = await importScript<{
  readOptions(args: string[], names: string[], root: string): { stages: string[] };
}>("device-check/options.mjs");

const node = process.execPath;

function settings(out: string, more: Record<string, unknown> = {}) {
  return { device: "cuda-emulated", out, root: out, resume: false, say: () => {}, ...more };
}

test("a stage that fails or hangs is told with its reason, and the others run", async (t) => {
  const out = makeFolder(t);
  const stages: Stage[] = [
    {
      name: "throws",
      seconds: 20,
      run: ({ expect }) => expect(node, ["-e", "console.log('a word');process.exit(3)"]) as never,
    },
    { name: "hangs", seconds: 1, run: ({ expect }) => expect(node, ["-e", "setInterval(() => {}, 1000)"]) as never },
    { name: "absent", seconds: 20, run: ({ run }) => run("no-such-program-of-erprm", []) as never },
    { name: "counts", seconds: 20, run: async () => ({ tests: { passed: 1, failed: 2 }, failed: "2 tests failed" }) },
    {
      name: "holds",
      seconds: 20,
      run: async ({ expectJson, before }) => ({
        results: [...(await expectJson(node, ["-e", `console.log('{"a": 1}\\nno JSON')`])), Object.keys(before)],
      }),
    },
  ];
  const { stages: results } = await runStages(stages, settings(out));
  t.regex(results.throws?.reason ?? "", /ended with 3:\na word/);
  t.regex(results.hangs?.reason ?? "", /time was over/);
  t.regex(results.absent?.reason ?? "", /does not start/);
  t.is(results.counts?.reason, "2 tests failed");
  t.deepEqual(
    Object.values(results).map(({ status }) => status),
    ["failed", "failed", "failed", "failed", "passed"],
  );
  t.deepEqual(results.holds?.results, [{ a: 1 }, ["throws", "hangs", "absent", "counts"]]);
  t.deepEqual(JSON.parse(readFileSync(join(out, "results.json"), "utf8")).stages.holds.results, results.holds?.results);
  t.regex(readFileSync(join(out, "throws.log"), "utf8"), /a word/);
});

test("what passed is not run again when a run goes on, and a stage without its time waits for another call", async (t) => {
  const out = makeFolder(t);
  let runs = 0;
  const stage = (name: string, seconds: number): Stage => ({
    name,
    seconds,
    run: async () => {
      runs += 1;
      return { results: [runs] };
    },
  });
  const first = await runStages([stage("a", 5), stage("b", 3600)], settings(out, { minutes: 1 }));
  t.deepEqual(Object.keys(first.stages), ["a"]);
  t.false(existsSync(join(out, "b.log")));
  const second = await runStages([stage("a", 5), stage("b", 3600)], settings(out, { resume: true }));
  t.deepEqual([second.stages.a?.results, second.stages.b?.results], [[1], [2]]);
  const third = await runStages([stage("a", 5)], settings(out));
  t.deepEqual(third.stages.a?.results, [3]);
});

const copy = { bench: "copy", case: "1 GiB", seconds: 0.5, bytes: 2e12, operations: 0 };
const square = { bench: "matrix-rate", case: "square", seconds: 1, bytes: 1, operations: 8e14 };

test("rates of the card are the best measured, and undefined without a measurement", (t) => {
  t.deepEqual(cardRates([copy, { ...copy, seconds: 2 }, square]), { bytesPerSecond: 4e12, operationsPerSecond: 8e14 });
  t.deepEqual(cardRates([]), { bytesPerSecond: undefined, operationsPerSecond: undefined });
});

test("the roofline of decoding reads weights once an iteration until multiplying takes longer", (t) => {
  const rates = { bytesPerSecond: 4e12, operationsPerSecond: 8e14 };
  const run = { rowsATrunk: 32, trunkTokens: 512, tokens: 256, multiplied: 8e9, kvBytesPerToken: 131072 };
  // 16 GB of weights: 4 ms; 1 trunk and 32 x 128 own tokens of 128 KiB.
  t.true(Math.abs(decodeRoofline({ ...run, batch: 32 }, rates) - 32 / (0.004 + (4608 * 131072) / 4e12)) < 1e-6);
  // 1024 rows: 16.4 TFLOP in 20.5 ms.
  const many = 1024 / ((2 * 8e9 * 1024) / 8e14 + ((32 * 512 + 1024 * 128) * 131072) / 4e12);
  t.true(Math.abs(decodeRoofline({ ...run, batch: 1024 }, rates) - many) < 1e-6);
});

test("the table holds a row for every result: its share of the card, and how many times the peer's rate", (t) => {
  const spread = (median: number) => ({ median, low: median, high: median });
  const decode = {
    ...{
      bench: "decode",
      case: "8b",
      shape: "8b",
      batch: 32,
      prefixes: 1,
      seconds: spread(2),
      tokensPerSecond: spread(3000),
    },
    ...{ rowsATrunk: 32, trunkTokens: 512, tokens: 256, multiplied: 8e9, kvBytesPerToken: 131072 },
  };
  const peer = {
    bench: "transformers",
    case: "eager",
    shape: "8b",
    batch: 32,
    seconds: spread(1),
    tokensPerSecond: spread(300),
  };
  const label = { bench: "log-mean-exp", case: "many", seconds: 0.25, bytes: 9e11, operations: 0 };
  const score = {
    bench: "score",
    case: "8b",
    seconds: spread(1),
    tokensPerSecond: spread(5),
    operationsPerSecond: spread(4e14),
  };
  const rows = tableRows({
    kernels: { results: [copy, square, label] },
    runs: { results: [decode, score, peer] },
    broken: {},
  });
  t.deepEqual(
    rows.map(({ name }) => name),
    [
      "copy: 1 GiB",
      "matrix-rate: square",
      "log-mean-exp: many",
      "decode: 8b",
      "score: 8b",
      "transformers: eager",
      "decode / transformers: 8b, eager",
    ],
  );
  t.deepEqual(
    rows.map(({ share }) => share).filter((_, i) => [0, 1, 2, 4].includes(i)),
    [1, 1, 0.9, 0.5],
  );
  t.is(rows.at(-1)?.rate, 10);
});

test("stages are chosen by name, in the order of the whole; unknown names, devices and numbers are refused", (t) => {
  const names = ["build", "tests", "benches"];
  t.deepEqual(readOptions([], names, "/").stages, names);
  t.deepEqual(readOptions(["--only", "tests,build"], names, "/").stages, ["build", "tests"]);
  t.deepEqual(readOptions(["--skip", "tests"], names, "/").stages, ["build", "benches"]);
  for (const args of [["--only", "test"], ["--device", "rocm"], ["--minutes", "0"], ["--threads", "two"], ["--none"]]) {
    t.throws(() => readOptions(args, names, "/"), { name: "SetupError" });
  }
});
