import test from "ava";
import { measureWithIntervals } from "../../../src/statistics/intervals.js";
import { measure } from "../../../src/statistics/measures.js";
import { randomStream } from "../../../src/statistics/random.js";

/** `numProblems` problems with `perProblem` prefixes of one rate each, scores near it. */
function made(numProblems: number, perProblem: number, seed: number) {
  const draw = randomStream(seed, "test");
  const successRates: number[] = [];
  const scores: number[] = [];
  const problemIds: string[] = [];
  for (let problem = 0; problem < numProblems; problem++) {
    const rate = draw(1000) / 999;
    for (let k = 0; k < perProblem; k++) {
      successRates.push(rate);
      scores.push(0.2 + 0.6 * rate);
      problemIds.push(`p${problem}`);
    }
  }
  return { scores, successRates, problemIds };
}

test("values are those of the measures, inside their intervals, and n is said", async (t) => {
  const given = made(50, 4, 1);
  const found = await measureWithIntervals(given, { seed: 0, numResamples: 400 });
  const point = measure(given);
  t.like(found, { n: 200, numProblems: 50, level: 0.95, numResamples: 400, numBins: 10 });
  for (const name of ["brierScore", "areaUnderCurve", "crossEntropy", "meanSuccessRate"] as const) {
    const { value, low, high } = found[name];
    t.is(value, point[name]);
    t.true((low as number) < (value as number) && (value as number) < (high as number), name);
  }
  t.is(found.brierGain.value, (point.constantBrierScore as number) - (point.brierScore as number));
  t.true((found.brierGain.low as number) > 0);
});

test("problems are drawn, not prefixes: repeating every prefix of a problem leaves the interval as it is", async (t) => {
  const once = await measureWithIntervals(made(40, 1, 2), { seed: 3, numResamples: 300 });
  const often = await measureWithIntervals(made(40, 25, 2), { seed: 3, numResamples: 300 });
  const width = ({ low, high }: { low: number | null; high: number | null }) => (high as number) - (low as number);
  t.true(Math.abs(width(once.meanSuccessRate) - width(often.meanSuccessRate)) < 1e-9);
  t.true(width(once.meanSuccessRate) > 0.05);
});

test("the interval of a mean is that of the normal approximation, and covers the truth about as often as it says", async (t) => {
  let covered = 0;
  for (let seed = 0; seed < 100; seed++) {
    const given = made(60, 1, 100 + seed);
    const { meanSuccessRate } = await measureWithIntervals(given, { seed, numResamples: seed === 0 ? 5000 : 200 });
    const { value, low, high } = meanSuccessRate as { value: number; low: number; high: number };
    if (low <= 0.5 && 0.5 <= high) covered++;
    if (seed > 0) continue;
    const variance = given.successRates.reduce((sum, rate) => sum + (rate - value) ** 2, 0) / 60;
    const half = 1.96 * Math.sqrt(variance / 60);
    t.true(Math.abs((value - low) / half - 1) < 0.08 && Math.abs((high - value) / half - 1) < 0.08);
  }
  t.true(covered >= 88 && covered <= 100, `${covered} of 100`);
});

test("the same seed gives the same bounds, another seed others", async (t) => {
  const given = made(20, 3, 5);
  const one = await measureWithIntervals(given, { seed: 1, numResamples: 100 });
  t.deepEqual(await measureWithIntervals(given, { seed: 1, numResamples: 100 }), one);
  t.notDeepEqual((await measureWithIntervals(given, { seed: 2, numResamples: 100 })).brierScore, one.brierScore);
});

test("a wider level gives wider intervals; one problem gives none", async (t) => {
  const given = made(20, 3, 5);
  const narrow = (await measureWithIntervals(given, { seed: 1, level: 0.5 })).brierScore;
  const wide = (await measureWithIntervals(given, { seed: 1, level: 0.99 })).brierScore;
  t.true((wide.low as number) < (narrow.low as number) && (wide.high as number) > (narrow.high as number));
  const one = await measureWithIntervals(made(1, 5, 1), { seed: 1 });
  t.deepEqual([one.brierScore.low, one.brierScore.high], [null, null]);
  t.not(one.brierScore.value, null);
});

test("drawing lets other work run and can be aborted; arrays must fit", async (t) => {
  const controller = new AbortController();
  const running = measureWithIntervals(made(500, 20, 1), { seed: 0, numResamples: 100_000, signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  t.like(await t.throwsAsync(running), { code: "ERPRM_ABORTED" });
  const { scores, successRates } = made(3, 1, 1);
  await t.throwsAsync(measureWithIntervals({ scores, successRates, problemIds: ["a"] }, { seed: 0 }), {
    message: /problemIds to be 3 ids/,
  });
  await t.throwsAsync(measureWithIntervals(made(3, 1, 1), { seed: 0, level: 1 }), { message: /level/ });
});
