import test from "ava";
import { studyAt, studySettings } from "../../../support/reproduce-study.js";
import { importScript } from "../../../support/script.js";

interface Way {
  rule: string;
  target?: string;
  aggregate?: string;
  computation: string;
  accuracies: ArrayLike<number>;
  ofSeeds?: number[];
}

const { deviation, waysAt, nameOf, aggregateOf } = await importScript<{
  deviation(numbers: readonly number[]): number;
  waysAt(at: typeof studyAt, settings: typeof studySettings): Way[];
  nameOf(way: Partial<Way>): string;
  aggregateOf(target: string, settings: typeof studySettings): string;
}>("reproduce/ways.mjs");

test("a target's accuracy on a problem is the mean over its seeds, and each seed's accuracy that over problems", (t) => {
  const ways = waysAt(studyAt, studySettings);
  const way = (name: string) => ways.find((one) => nameOf(one) === name) as Way;
  t.deepEqual(Array.from(way("best-of-n hard min").accuracies), [0.5, 0, 0.25, 1]);
  t.deepEqual(way("best-of-n hard min").ofSeeds, [0.5, 0.375]);
  t.deepEqual(Array.from(way("best-of-n er:2 min").accuracies), [1, 0.5, 1, 1]);
  t.deepEqual(way("best-of-n er:2 min").ofSeeds, [1, 0.75]);
  t.deepEqual(Array.from(way("weighted-vote hard min").accuracies), [0.125, 0.125, 0.125, 0.125]);
  t.deepEqual(Array.from(way("majority").accuracies), [0.5, 0, 0, 1]);
  t.is(way("majority").computation, "resampled");
  t.is(way("majority").ofSeeds, undefined);
});

test("every rule has every aggregate of every target once, after what needs no scores", (t) => {
  const names = waysAt(studyAt, studySettings).map(nameOf);
  t.deepEqual(names.slice(0, 3), ["pass@1", "majority", "pass@n"]);
  t.is(names.length, 3 + 2 * 2 * 3);
  t.is(new Set(names).size, names.length);
});

test("the seeds that are named are those that are averaged", (t) => {
  const [way] = waysAt(studyAt, { ...studySettings, seeds: [1] }).filter((one) => nameOf(one) === "best-of-n hard min");
  t.deepEqual(Array.from(way?.accuracies ?? []), [0, 0, 0.5, 1]);
  t.deepEqual(way?.ofSeeds, [0.375]);
});

test("the outcome model goes by its score of the last step, the others by the first aggregate", (t) => {
  t.is(aggregateOf("orm", studySettings), "last");
  t.is(aggregateOf("er:2", studySettings), "min");
});

test("the deviation is that of a sample: 1, 2, 3, 4 have the variance 5/3", (t) => {
  t.true(Math.abs(deviation([4, 1, 3, 2]) ** 2 - 5 / 3) < 1e-12);
  t.is(deviation([0.5, 0.5]), 0);
});
