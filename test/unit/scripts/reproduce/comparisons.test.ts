import test from "ava";
import type { Estimate } from "../../../../src/statistics/bootstrap.js";
import type { CorrectedPValue } from "../../../../src/statistics/corrected-p-values.js";
import { studyAt, studySettings } from "../../../support/reproduce-study.js";
import { importScript } from "../../../support/script.js";

interface Compared extends CorrectedPValue {
  first: string;
  second: string;
  numProblems: number;
  numTests: number;
  difference: Estimate;
}

const { pairsOf, compare } = await importScript<{
  pairsOf(ways: object[], rule: string, settings: object): [object, object][];
  compare(at: typeof studyAt, rule: string, settings: object, drawing: object): Promise<Compared[]>;
}>("reproduce/comparisons.mjs");
const { waysAt, nameOf } = await importScript<{
  waysAt(at: typeof studyAt, settings: object): object[];
  nameOf(way: object): string;
}>("reproduce/ways.mjs");

const drawing = { seed: 0, numResamples: 200, numFlips: 1000 };
const wanted = [
  ["best-of-n er:2 min", "best-of-n hard min"],
  ["best-of-n er:2 min", "best-of-n orm last"],
  ["best-of-n er:2 min", "majority"],
  ["best-of-n er:2 min", "pass@1"],
  ["best-of-n hard min", "majority"],
  ["best-of-n hard min", "pass@1"],
  ["best-of-n orm last", "majority"],
  ["best-of-n orm last", "pass@1"],
];

test("each ER target is held against the other labels, the outcome model, majority and pass@1; those against the last two", (t) => {
  const pairs = pairsOf(waysAt(studyAt, studySettings), "best-of-n", studySettings);
  t.deepEqual(
    pairs.map((pair) => pair.map(nameOf)),
    wanted,
  );
});

test("two ER targets are not held against each other, and a target that is not named has no comparison", (t) => {
  const settings = { ...studySettings, targets: ["er:2", "orm"] };
  const pairs = pairsOf(waysAt(studyAt, settings), "weighted-vote", settings);
  t.deepEqual(
    pairs.map((pair) => pair.map(nameOf)),
    [
      ["weighted-vote er:2 min", "weighted-vote orm last"],
      ["weighted-vote er:2 min", "majority"],
      ["weighted-vote er:2 min", "pass@1"],
      ["weighted-vote orm last", "majority"],
      ["weighted-vote orm last", "pass@1"],
    ],
  );
});

test("differences and p-values are those of a case by hand, Holm's family is one rule at one N", async (t) => {
  const found = await compare(studyAt, "best-of-n", studySettings, drawing);
  t.deepEqual(
    found.map(({ first, second }) => [first, second]),
    wanted,
  );
  t.true(found.every(({ numTests, numProblems }) => numTests === 8 && numProblems === 4));
  const [hard, , majority, pass1] = found as [Compared, Compared, Compared, Compared];
  // er:2 1 .5 1 1 minus hard .5 0 .25 1: .5 .5 .75 0. All three have one sign: 2 of 8 patterns.
  t.is(hard.difference.value, 1.75 / 4);
  t.is(hard.pValue, 2 / 8);
  // Minus majority .5 0 0 1: .5 .5 1 0. Minus pass@1 .5 0 0 .5: .5 .5 1 .5, four of one sign.
  t.is(majority.pValue, 2 / 8);
  t.is(pass1.pValue, 2 / 16);
  // The smallest of eight p-values; hard minus pass@1 (0 0 .25 .5) has 2/4, none is below 2/16.
  t.is(Math.min(...found.map(({ pValue }) => pValue as number)), 2 / 16);
  t.is(pass1.correctedPValue, 1);
  const alone = { ...studySettings, targets: ["er:2"] };
  const fewer = await compare(studyAt, "best-of-n", alone, drawing);
  t.deepEqual(
    fewer.map(({ second, pValue, correctedPValue, numTests }) => [second, pValue, correctedPValue, numTests]),
    [
      ["majority", 2 / 8, 2 / 8, 2],
      ["pass@1", 2 / 16, 4 / 16, 2],
    ],
  );
});
