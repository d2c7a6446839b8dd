import test from "ava";
import { readHfConfig } from "../../../src/model/hf-config.js";
import { leastWork } from "../../bench/ceilings.js";
import type { Run } from "../../bench/measure.js";
import { shapes } from "../../bench/random-checkpoint.js";
import { type EngineRuns, expectWholeWork, qualityCell, summarize, summaryTable } from "../../bench/rollout-summary.js";
import type { Workload } from "../../bench/workload.js";

const { config } = readHfConfig("config.json", shapes.tiny);
const workload: Workload = {
  model: "",
  trunks: [{ tokens: Array(10).fill(1), prefixLengths: [10], numCompletions: 4 }],
  numTokens: 6,
  endTokens: [],
  batch: 4,
  threads: 2,
};
const run = (seconds: number): Run => ({ seconds, completions: 4, tokens: 24, peakBytes: 2 ** 20, othersShare: 0 });
const engine = (name: string, more: Partial<EngineRuns>): EngineRuns => ({
  name,
  precision: "8 bits",
  ours: false,
  runs: [run(1)],
  discarded: 0,
  ...more,
});

test("ours are compared with the fastest peer of their class, and with the fastest of all", (t) => {
  const engines = [
    engine("ours", { ours: true, runs: [run(1), run(3), run(2)] }),
    engine("ours exact", { ours: true, precision: "f32", runs: [run(4)] }),
    engine("slow", { runs: [run(16)] }),
    engine("quick", { runs: [run(8)] }),
    engine("short weights", { precision: "4 bits", runs: [run(4)] }),
  ];
  const rows = summarize("nested", workload, engines, config, undefined);
  t.deepEqual(
    rows.map(({ name, againstClass, againstAll }) => [name, againstClass, againstAll]),
    [
      ["ours", 4, 2],
      ["ours exact", undefined, 1],
      ["slow", undefined, undefined],
      ["quick", undefined, undefined],
      ["short weights", undefined, undefined],
    ],
  );
  t.deepEqual(rows[0]?.tokensPerSecond, { median: 12, low: 8, high: 24 });
  t.deepEqual(rows[0]?.rolloutsPerSecond, { median: 2, low: 4 / 3, high: 4 });
});

test("the share of a ceiling is the least work over the time, by the class's ceiling", (t) => {
  const work = leastWork(config, workload, 4, 24);
  const ceilings = { f32: work, int8: 4 * work, int8Tiles: 8 * work, bf16Tiles: 2 * work };
  const engines = [engine("exact", { precision: "f32", runs: [run(2)] }), engine("rounded", {})];
  const rows = summarize("nested", workload, engines, config, ceilings);
  t.deepEqual(
    rows.map(({ ofVectorCeiling, ofTileCeiling }) => [ofVectorCeiling, ofTileCeiling]),
    [
      [0.5, 0.25],
      [0.25, 0.125],
    ],
  );
});

test("an engine all of whose runs were thrown away has no row and is nobody's peer", (t) => {
  const engines = [engine("ours", { ours: true }), engine("peer", { runs: [], discarded: 15 })];
  const rows = summarize("nested", workload, engines, config, undefined);
  t.deepEqual(
    rows.map(({ name, againstAll }) => [name, againstAll]),
    [["ours", undefined]],
  );
});

test("a run has all completions, of the forced length or of at most that with end tokens", (t) => {
  const ending = { ...workload, endTokens: [2] };
  t.notThrows(() => expectWholeWork("a", run(1), workload));
  t.notThrows(() => expectWholeWork("a", { ...run(1), tokens: 9 }, ending));
  t.throws(() => expectWholeWork("a", { ...run(1), tokens: 23 }, workload), { message: /a gave 4 .* 23 tokens/ });
  t.throws(() => expectWholeWork("a", { ...run(1), completions: 3 }, workload));
  t.throws(() => expectWholeWork("a", { ...run(1), tokens: 25 }, ending));
  t.throws(() => expectWholeWork("a", { ...run(1), tokens: 3 }, ending));
});

test("an engine that disagrees says so in its row", (t) => {
  const quality = { mean: -2, difference: 0.05, rms: 0.2, agrees: false };
  t.is(qualityCell(quality), "+5.0e-2, rms 2.0e-1, DISAGREES");
  t.is(qualityCell({ ...quality, difference: -0.001, agrees: true }), "-1.0e-3, rms 2.0e-1");
  const engines = [engine("peer", { quality, setting: "split:4", discarded: 2 })];
  const table = summaryTable(summarize("nested", workload, engines, config, undefined));
  t.regex(table, /peer, split:4 .*1, 2 thrown away .*DISAGREES/);
});
