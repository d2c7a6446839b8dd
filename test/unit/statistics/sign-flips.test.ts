import test from "ava";
import fc from "fast-check";
import { randomStream } from "../../../src/statistics/random.js";
import { maxEnumeratedDifferences, signFlipTests } from "../../../src/statistics/sign-flips.js";

/** The definition: all sign patterns, in whole numbers. */
function allSigns(differences: readonly number[]): number {
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  let numExtreme = 0;
  for (let signs = 0; signs < 2 ** differences.length; signs++) {
    const sum = differences.reduce((all, value, i) => all + (signs & (1 << i) ? value : -value), 0);
    if (Math.abs(sum) >= observed) numExtreme++;
  }
  return numExtreme / 2 ** differences.length;
}

async function pValue(differences: readonly number[], seed = 0, numFlips = 10_000): Promise<number> {
  const [found] = await signFlipTests([differences], { seed, numFlips });
  return found?.pValue as number;
}

test("few differences are enumerated: the p-value is that of the definition, ties and zeros included", async (t) => {
  const differences = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 11 });
  await fc.assert(
    fc.asyncProperty(differences, async (given) => {
      t.is(await pValue(given), allSigns(given));
    }),
  );
});

test("sums that tie but for rounding count as ties: tenths have the p-value of whole numbers", async (t) => {
  const differences = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(differences, async (given) => {
      t.is(await pValue(given.map((value) => value / 10)), allSigns(given));
    }),
    { numRuns: 300 },
  );
});

test("by hand: five problems all better have p = 2/32, one of them worse 12/32", async (t) => {
  t.is(await pValue([1, 1, 1, 1, 1]), 2 / 32);
  t.is(await pValue([1, 1, 1, 1, -1]), 12 / 32);
  t.is(await pValue([0.1, 0.2, 0.3]), 2 / 8);
  // 0.1 + 0.2 - 0.3 is 0 but for rounding: every pattern is as extreme.
  t.is(await pValue([0.1, 0.2, -0.3]), 1);
});

test("no differences at all have p = 1", async (t) => {
  t.is(await pValue([]), 1);
  t.is(await pValue([0, 0, 0]), 1);
});

test("zeros do not count: many problems with few differences are still enumerated", async (t) => {
  const given = [...Array(500).fill(0), 1, 2, 4];
  const [found] = await signFlipTests([given], { seed: 0 });
  t.deepEqual(found, { pValue: 2 / 8, isExact: true, isFloor: false });
});

test("more are drawn, and the p-value is near to that of all sign patterns", async (t) => {
  const draw = randomStream(1, "differences");
  for (const size of [15, 16, 17]) {
    for (let k = 0; k < 4; k++) {
      const given = Array.from({ length: size }, () => 1 + draw(9)).map((value) => (draw(3) === 0 ? -value : value));
      const exact = allSigns(given);
      const [found] = await signFlipTests([given], { seed: k, numFlips: 20_000 });
      t.false(found?.isExact);
      const error = Math.sqrt((exact * (1 - exact)) / 20_000) + 1 / 20_000;
      t.true(Math.abs((found?.pValue as number) - exact) < 4.5 * error, `${size}: ${found?.pValue}, not ${exact}`);
    }
  }
  t.true(maxEnumeratedDifferences < 15);
});

test("a drawn p-value is never 0: with 99 draws the smallest is 1/100", async (t) => {
  t.is(await pValue(Array(200).fill(1), 0, 99), 1 / 100);
});

test("a p-value is a floor where no draw was as extreme, and only there", async (t) => {
  const bothWays = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1 : -1));
  const found = await signFlipTests([Array(200).fill(1), bothWays, [1, 1]], { seed: 0, numFlips: 99 });
  t.deepEqual(found, [
    { pValue: 1 / 100, isExact: false, isFloor: true },
    // The sum is 0: every draw is as extreme.
    { pValue: 1, isExact: false, isFloor: false },
    { pValue: 2 / 4, isExact: true, isFloor: false },
  ]);
});

test("many draws, made block by block, come near to the p-value of all sign patterns: its standard error at 0.03 is 0.0003", async (t) => {
  const draw = randomStream(5, "block");
  const given = Array.from({ length: 18 }, () => 1 + draw(9)).map((value, i) => (i % 4 === 0 ? -value : value));
  const exact = allSigns(given);
  t.true(exact > 0.01 && exact < 0.2, `${exact}`);
  const [found] = await signFlipTests([given], { seed: 0, numFlips: 305_000 });
  t.true(Math.abs((found?.pValue as number) - exact) < 4.5 * Math.sqrt((exact * (1 - exact)) / 305_000), `${exact}`);
  // Were the blocks' draws the same, 30 of them would be no nearer than one.
  const ofBlocks = await Promise.all([10_000, 20_000, 30_000].map((numFlips) => pValue(given, 0, numFlips)));
  const numExtreme = ofBlocks.map((p, k) => Math.round(p * (1 + (k + 1) * 10_000)) - 1);
  t.is(new Set(numExtreme.map((sum, k) => sum - (numExtreme[k - 1] ?? 0))).size, 3);
});

test("the default draws 100,000", async (t) => {
  const [found] = await signFlipTests([Array(40).fill(1)], { seed: 0 });
  t.is(found?.pValue, 1 / 100_001);
});

test("without a difference small p-values are as rare as they say", async (t) => {
  const draw = randomStream(7, "null");
  const samples = Array.from({ length: 1000 }, () => Array.from({ length: 40 }, () => draw(2001) - 1000));
  const found = await signFlipTests(samples, { seed: 0, numFlips: 999 });
  for (const level of [0.01, 0.05, 0.2, 0.5]) {
    const share = found.filter((one) => one.pValue <= level).length / 1000;
    t.true(Math.abs(share - level) < 4 * Math.sqrt((level * (1 - level)) / 1000), `${share} at ${level}`);
  }
});

test("a sample's p-value depends on the seed alone, not on the samples beside it or on which method is first", async (t) => {
  const draw = randomStream(2, "sample");
  const sample = Array.from({ length: 30 }, () => draw(100) - 45);
  const alone = await pValue(sample, 3, 25_000);
  const [, among] = await signFlipTests([[1, 2], sample, Array(300).fill(1)], { seed: 3, numFlips: 25_000 });
  t.is(among?.pValue, alone);
  t.is(
    await pValue(
      sample.map((value) => -value),
      3,
      25_000,
    ),
    alone,
  );
});

test("differences that are no numbers are named, and testing can be aborted", async (t) => {
  await t.throwsAsync(signFlipTests([[1, Number.NaN]], { seed: 0 }), { message: /differences\[1\]/ });
  await t.throwsAsync(signFlipTests([[1]], { seed: 0, numFlips: 0 }), { message: /number of flips/ });
  const controller = new AbortController();
  const samples = Array(2000).fill(Array(500).fill(1)) as number[][];
  const running = signFlipTests(samples, { seed: 0, signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  t.like(await t.throwsAsync(running), { code: "ERPRM_ABORTED" });
});
