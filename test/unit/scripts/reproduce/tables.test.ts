import test from "ava";
import { studyAt, studySettings } from "../../../support/reproduce-study.js";
import { importScript } from "../../../support/script.js";

interface Point {
  rule: string;
  target?: string;
  aggregate?: string;
  accuracy: { value: number; low: number; high: number };
  betweenSeeds: number | null;
}

const { pText, shown, table } = await importScript<{
  pText(p: number | null, isFloor?: boolean): string;
  shown(estimate: { value: number; low: number | null; high: number | null }): string;
  table(head: string[], rows: unknown[][]): string;
}>("reproduce/tables.mjs");
const { pointsAt, bestOfNTables } = await importScript<{
  pointsAt(at: typeof studyAt, settings: object): Promise<Point[]>;
  bestOfNTables(results: object): string;
}>("reproduce/best-of-n.mjs");
const { finetuningTables } = await importScript<{ finetuningTables(results: object): string }>(
  "reproduce/finetunings.mjs",
);

test("a p-value that is a floor is told as a bound, one of no test not at all", (t) => {
  t.deepEqual([pText(0.0274), pText(0.000031, true), pText(1), pText(null)], ["0.027", "<= 0.000031", "1.0", ""]);
});

test("figures are in percent with their interval, where they have one", (t) => {
  t.is(shown({ value: 0.5213, low: 0.48, high: 0.5662 }), "52.1 (48.0 to 56.6)");
  t.is(shown({ value: 0.5, low: null, high: null }), "50.0");
  t.is(table(["a", "b"], [[1, "x"]]), "| a | b |\n| --- | --- |\n| 1 | x |");
});

test("points are means over problems with the deviation between seeds, their intervals never narrower than Wilson's", async (t) => {
  const points = await pointsAt(studyAt, studySettings);
  const of = (rule: string, target?: string) =>
    points.find((one) => one.rule === rule && one.target === target && one.aggregate !== "last") as Point;
  t.is(of("best-of-n", "hard").accuracy.value, (0.5 + 0.375) / 2);
  t.true(Math.abs((of("best-of-n", "hard").betweenSeeds as number) - 0.125 / Math.SQRT2) < 1e-12);
  t.is(of("majority").betweenSeeds, null);
  const { value, low, high } = of("pass@n").accuracy;
  // Four of four right: Wilson's lower bound is n / (n + z^2).
  t.deepEqual([value, high], [1, 1]);
  t.true(Math.abs(low - 4 / (4 + 1.959964 ** 2)) < 1e-6, `${low}`);
  const text = bestOfNTables({ points, comparisons: [], discriminations: [] });
  t.regex(text, /^\| accuracy in % \| N = 4 \| between seeds at N = 4 \|$/m);
  t.regex(text, /^\| best-of-n hard min \| 43\.8 \(.*\) \| 8\.8 \|$/m);
  t.regex(text, /^\| majority \| 37\.5 \(.*\) \| {2}\|$/m);
});

test("a table of differences says of how many tests the correction is", (t) => {
  const difference = { value: 0.034, low: 0.005, high: 0.064 };
  const p = { pValue: 0.0274, correctedPValue: 0.0548 };
  const floor = { pValue: 1e-6, correctedPValue: 1.6e-5, pValueIsFloor: true, correctedPValueIsFloor: true };
  const [first, second] = ["best-of-n er:5 min", "best-of-n hard min"];
  const comparison = { numCandidates: 64, numTests: 16, first, second, difference };
  const comparisons = [
    { ...comparison, ...p },
    { ...comparison, ...floor },
  ];
  const text = bestOfNTables({
    points: [{ numCandidates: 64, rule: "majority", accuracy: difference, betweenSeeds: null }],
    comparisons,
    discriminations: [],
  });
  t.regex(
    text,
    /\| 64 \| best-of-n er:5 min \| best-of-n hard min \| 3\.4 \(0\.5 to 6\.4\) \| 0\.027 \| 0\.055 \| 16 \|/,
  );
  t.regex(text, /\| <= 0\.0000010 \| <= 0\.000016 \| 16 \|/);
  const way = {
    name: "top hard",
    seeds: [0],
    accuracy: difference,
    range: [0.5, 0.5],
    gain: difference,
    meanTokens: 45,
    divergence: null,
  };
  const tuned = finetuningTables({
    ...{ n: 8, roundIndex: 2, ways: [{ ...way, name: "start" }, way] },
    differences: [{ first: "top hard", second: "start", difference, ...floor }],
  });
  t.regex(tuned, /^\| start \| {2}\| 3\.4 \(0\.5 to 6\.4\) \| {2}\| {2}\| {2}\| 45\.0 \|$/m);
  t.regex(tuned, /\| top hard \| start \| 3\.4 \(0\.5 to 6\.4\) \| <= 0\.0000010 \| <= 0\.000016 \| 1 \|/);
});
