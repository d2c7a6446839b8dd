import test from "ava";
import { bootstrap } from "../../../src/statistics/bootstrap.js";
import { quantile } from "../../../src/statistics/quantile.js";

const sum = (times: Float64Array, value: (i: number) => number) =>
  times.reduce((total, count, i) => total + count * value(i), 0);

test("values are those of the sample itself, statistics come in order, and those without a value have no bounds", async (t) => {
  const found = await bootstrap(4, (times) => [sum(times, (i) => i) / 4, Number.NaN, 7], { seed: 0 });
  t.is(found.length, 3);
  t.is(found[0]?.value, 1.5);
  t.deepEqual(found[1], { value: null, low: null, high: null });
  t.deepEqual(found[2], { value: 7, low: 7, high: 7 });
});

test("every draw has as many problems as there are, and its spread is the variance of a mean", async (t) => {
  const seen: number[] = [];
  const statistics = (times: Float64Array) => {
    const total = sum(times, () => 1);
    if (total !== 30) throw new Error(`${total} problems`);
    seen.push(sum(times, (i) => i) / 30);
    return [seen[seen.length - 1] as number];
  };
  await bootstrap(30, statistics, { seed: 1, numResamples: 20_000 });
  t.is(seen.length, 20_001);
  const draws = seen.slice(1);
  const mean = draws.reduce((all, value) => all + value, 0) / draws.length;
  const variance = draws.reduce((all, value) => all + (value - mean) ** 2, 0) / draws.length;
  // The values 0 .. 29 have the mean 14.5 and the variance (30^2 - 1) / 12.
  t.true(Math.abs(mean - 14.5) < 0.05);
  t.true(Math.abs(variance / (899 / 12 / 30) - 1) < 0.04);
});

test("draws without a value are left out of the quantiles", async (t) => {
  // Only defined where problem 0 was drawn: then always 1.
  const [found] = await bootstrap(3, (times) => [(times[0] as number) > 0 ? 1 : Number.NaN], { seed: 0 });
  t.deepEqual(found, { value: 1, low: 1, high: 1 });
});

test("calls with one seed and number of problems see the same draws, another seed others", async (t) => {
  const record = async (seed: number) => {
    const draws: number[][] = [];
    await bootstrap(5, (times) => [draws.push([...times])], { seed, numResamples: 20 });
    return draws;
  };
  t.deepEqual(await record(3), await record(3));
  t.notDeepEqual(await record(3), await record(4));
});

test("fewer than two problems have no bounds, none has no value", async (t) => {
  const mean = (times: Float64Array) => [sum(times, () => 1) / sum(times, () => 1)];
  t.deepEqual(await bootstrap(1, mean, { seed: 0 }), [{ value: 1, low: null, high: null }]);
  t.deepEqual(await bootstrap(0, mean, { seed: 0 }), [{ value: null, low: null, high: null }]);
});

test("a ratio of two sums covers the ratio of their expectations about as often as it says", async (t) => {
  // Right and wrong solutions of problems of different difficulty: the share of right ones is a ratio.
  let covered = 0;
  for (let seed = 0; seed < 100; seed++) {
    let state = 12345 + seed;
    const uniform = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const problems = Array.from({ length: 60 }, () => ({ right: 1 + uniform(), all: 2 + 2 * uniform() }));
    const ratio = (times: Float64Array) => [
      sum(times, (i) => problems[i]?.right as number) / sum(times, (i) => problems[i]?.all as number),
    ];
    const [found] = await bootstrap(60, ratio, { seed, numResamples: 200 });
    if ((found?.low as number) <= 0.5 && 0.5 <= (found?.high as number)) covered++;
  }
  t.true(covered >= 86 && covered <= 100, `${covered} of 100`);
});

test("an aborted bootstrap ends, and options out of range are named", async (t) => {
  const slow = () => {
    const until = performance.now() + 1;
    while (performance.now() < until);
    return [1];
  };
  const controller = new AbortController();
  const running = bootstrap(2, slow, { seed: 0, numResamples: 100_000, signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  t.like(await t.throwsAsync(running), { code: "ERPRM_ABORTED" });
  const one = () => [1];
  await t.throwsAsync(bootstrap(2, one, { seed: 0, numResamples: 0 }), { message: /number of resamples/ });
  await t.throwsAsync(bootstrap(2, one, { seed: 0, level: 1 }), { message: /level/ });
  await t.throwsAsync(bootstrap(2, one, { seed: -1 }), { message: /seed/ });
});

test("a quantile lies linearly between the two nearest values", (t) => {
  const values = Float64Array.of(1, 2, 4, 8);
  const shares = [0, 1 / 3, 0.5, 5 / 6, 1];
  t.deepEqual(
    shares.map((share) => quantile(values, share)),
    [1, 2, 3, 6, 8],
  );
  t.is(quantile(Float64Array.of(5), 0.3), 5);
  t.is(quantile(Float64Array.of(), 0.3), Number.NaN);
});
