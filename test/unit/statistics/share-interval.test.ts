import test from "ava";
import { methodResults } from "../../../src/evaluation/accuracy.js";
import { bootstrap, type Estimate } from "../../../src/statistics/bootstrap.js";
import { randomStream } from "../../../src/statistics/random.js";
import { type Bounds, shareBounds, widened } from "../../../src/statistics/share-interval.js";
import { wilson } from "../../../src/statistics/wilson.js";

const near = (a: number | null | undefined, b: number | undefined, within = 1e-12) =>
  Math.abs((a as number) - (b as number)) < within;

test("of one outcome a problem it is Wilson's interval of so many trials", (t) => {
  for (const [right, n] of [
    [0, 10],
    [3, 17],
    [49, 50],
    [50, 50],
  ] as const) {
    const bounds = shareBounds({ sums: Array.from({ length: n }, (_, i) => (i < right ? 1 : 0)) }, 0.95);
    t.true(near(bounds.low, wilson(right, n)?.low) && near(bounds.high, wilson(right, n)?.high), `${right} of ${n}`);
  }
});

test("by hand: ten problems all right have the low bound 10 / (10 + z^2), at any level", (t) => {
  const sums = Array(10).fill(1) as number[];
  t.true(near(shareBounds({ sums }, 0.95).low, 10 / (10 + 1.959963984540054 ** 2)));
  t.true(near(shareBounds({ sums }, 0.5).low, 10 / (10 + 0.6744897501960817 ** 2)));
  t.is(shareBounds({ sums }, 0.95).high, 1);
});

test("by hand: four problems with the value 1/2 stand for more trials, at the level where z = 1", (t) => {
  // p = 1/2; variance with one more problem, half right and half wrong: (1/4) / 5; so n = 4 (1/4) / (1/20) = 20.
  const { low, high } = shareBounds({ sums: [0.5, 0.5, 0.5, 0.5] }, 0.6826894921370859);
  const half = Math.sqrt(1 / 80 + 1 / 1600) / (1 + 1 / 20);
  t.true(near(low, 0.5 - half, 1e-9) && near(high, 0.5 + half, 1e-9));
});

test("solutions of a problem that are always right together count as one, and problems without any do not count", (t) => {
  const [sums, counts] = [
    [3, 0, 3, 3, 0],
    [3, 3, 3, 3, 0],
  ];
  const bounds = shareBounds({ sums, counts }, 0.95);
  t.true(near(bounds.low, wilson(3, 4)?.low) && near(bounds.high, wilson(3, 4)?.high));
  t.deepEqual(shareBounds({ sums: [0], counts: [0] }, 0.95), { low: null, high: null });
});

test("an estimate is widened, never narrowed, and gets no bounds that it did not have", (t) => {
  const bounds: Bounds = { low: 0.4, high: 0.8 };
  t.deepEqual(widened({ value: 0.6, low: 0.6, high: 0.9 }, bounds), { value: 0.6, low: 0.4, high: 0.9 });
  t.deepEqual(widened({ value: 1, low: null, high: null }, bounds), { value: 1, low: null, high: null });
});

/** Of 200 samples of 50 problems, the share whose interval of the accuracy has the true one; and that of the bootstrap alone. */
async function coverage(seed: number, truth: number, sample: (draw: (below: number) => number) => number) {
  const draw = randomStream(seed, "coverage");
  const has = ({ low, high }: Estimate) => ((low as number) <= truth && truth <= (high as number) ? 1 / 200 : 0);
  let [ours, bare] = [0, 0];
  for (let i = 0; i < 200; i++) {
    const accuracies = Float64Array.from({ length: 50 }, () => sample(draw));
    const options = { seed: i, numResamples: 200 };
    const problemIds = [...accuracies.keys()].map((k) => `p${k}`);
    const methods = [{ method: { rule: "pass@1" }, computation: "exact", accuracies } as const];
    const [result] = await methodResults([{ numCandidates: 1, problemIds, methods: [...methods] }], options);
    const mean = (times: Float64Array) => [times.reduce((sum, n, k) => sum + n * (accuracies[k] as number), 0) / 50];
    ours += has(result?.points[0]?.accuracy as Estimate);
    bare += has((await bootstrap(50, mean, options))[0] as Estimate);
  }
  return { ours, bare };
}

test("with 50 problems of which 98 % are right, the interval has the truth as often as it says; the bootstrap's has not", async (t) => {
  const { ours, bare } = await coverage(1, 0.98, (draw) => (draw(50) > 0 ? 1 : 0));
  t.true(bare < 0.75, `bootstrap: ${bare}`);
  t.true(ours >= 0.9, `${ours}`);
});

test("with 50 problems of which 60 % are right, and with shares in between, it still has the truth as often as it says", async (t) => {
  const outcomes = await coverage(2, 0.6, (draw) => (draw(10) < 6 ? 1 : 0));
  t.true(outcomes.ours >= 0.91 && outcomes.ours <= 0.99, `${outcomes.ours}`);
  const shares = await coverage(3, 0.5, (draw) => draw(9) / 8);
  t.true(shares.ours >= 0.91 && shares.ours <= 0.99, `${shares.ours}`);
  // Mostly all right, sometimes half: what a method looks like near its ceiling.
  const nearCeiling = await coverage(4, 0.98, (draw) => (draw(25) > 0 ? 1 : 0.5));
  t.true(nearCeiling.ours >= 0.9, `${nearCeiling.ours}`);
});
