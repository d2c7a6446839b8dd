/** The label kernel through the addon, against exact arithmetic and against what must hold for any label. */
import test from "ava";
import { loadNative } from "../../src/native/loader.js";
import { runChildScript } from "../support/child-script.js";
import { exactLogMeanExp } from "../support/exact-log-mean-exp.js";
import { randomNumbers } from "../support/random-numbers.js";

const native = loadNative();

/** Labels [eta][segment]. */
async function labelsOf(segments: readonly (readonly number[])[], etas: readonly number[]): Promise<number[][]> {
  const offsets = [0];
  for (const segment of segments) offsets.push((offsets.at(-1) as number) + segment.length);
  const labels = await native.logMeanExp(
    Float32Array.from(segments.flat()),
    Int32Array.from(offsets),
    Float64Array.from(etas),
  );
  return etas.map((_, e) => [...labels.subarray(e * segments.length, (e + 1) * segments.length)]);
}

const magnitudes = [1e-8, 1e-6, 1e-4, 1e-2, 0.1, 1, 2, 5, 10, 100, 1e3, 1e4];
const allEtas = [...magnitudes.map((eta) => -eta).reverse(), 0, ...magnitudes];

const random = randomNumbers(7);
const f32 = Math.fround;
const uniformSegment = (length: number) => Array.from({ length }, () => f32(random()));
const binarySegment = (length: number): number[] => Array.from({ length }, () => (random() < 0.4 ? 1 : 0));
const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 81];

const close = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance;

test("labels equal exact arithmetic within 1e-6 for |eta| from 1e-8 to 1e4, both signs and 0", async (t) => {
  const segments = [
    ...lengths.map(uniformSegment),
    ...lengths.map(binarySegment),
    [0, 1, f32(0.5)],
    [f32(0.1), f32(0.1), f32(0.1)],
    [f32(1e-30), f32(1e-38), 0, 0],
    [1, f32(1 - 2 ** -24), f32(1 - 2 ** -23)],
  ];
  const labels = await labelsOf(segments, allEtas);
  for (const [e, eta] of allEtas.entries()) {
    for (const [p, segment] of segments.entries()) {
      const label = labels[e]?.[p] as number;
      const exact = exactLogMeanExp(segment, eta);
      t.true(close(label, exact, 1e-7), `eta ${eta}, segment ${p}: ${label}, exactly ${exact}`);
    }
  }
});

test("outcomes of any size keep 1e-6 of their spread and the precision of f32", async (t) => {
  const segments = [
    uniformSegment(17).map((x) => f32((x - 0.5) * 2000)),
    uniformSegment(33).map((x) => f32(1e6 + 100 * x)),
    uniformSegment(9).map((x) => f32(-3e38 + 6e38 * x)),
    uniformSegment(9).map((x) => f32(1e-30 * x)),
    [f32(-3.4e38), f32(3.4e38)],
    [f32(3.4e38), f32(3.4e38), f32(-3.4e38), 0],
  ];
  const labels = await labelsOf(segments, allEtas);
  for (const [e, eta] of allEtas.entries()) {
    for (const [p, segment] of segments.entries()) {
      const label = labels[e]?.[p] as number;
      const exact = exactLogMeanExp(segment, eta);
      const spread = Math.max(...segment) - Math.min(...segment);
      const tolerance = 1e-8 * spread + 2 ** -24 * Math.abs(exact);
      t.true(close(label, exact, tolerance), `eta ${eta}, segment ${p}: ${label}, exactly ${exact}`);
    }
  }
});

test("the largest and the smallest doubles are accepted as eta", async (t) => {
  const segments = [uniformSegment(16), [0, 1, 1, 0]];
  const etas = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -Number.MIN_VALUE, 1e-300];
  const labels = await labelsOf(segments, etas);
  for (const [p, segment] of segments.entries()) {
    const mean = exactLogMeanExp(segment, 0);
    const expected = [Math.max(...segment), Math.min(...segment), mean, mean, mean];
    for (const [e, value] of expected.entries()) t.true(close(labels[e]?.[p] as number, value, 1e-7));
  }
});

test("a segment of a million outcomes is as exact as a short one", async (t) => {
  // A multiset whose log-mean-exp is known without a sum of a million terms: 1000 values, each 1000 times.
  const values = uniformSegment(1000);
  const long = Array.from({ length: 1_000_000 }, (_, i) => values[(i * 7919) % 1000] as number);
  const rare = Array.from({ length: 1_000_000 }, (_, i) =>
    i === 123_456 ? 1 : f32(0.25 * (values[i % 1000] as number)),
  );
  const labels = await labelsOf([long, rare], [-100, -1, -1e-8, 0, 1e-8, 1, 100, 1e4]);
  for (const [e, eta] of [-100, -1, -1e-8, 0, 1e-8, 1, 100].entries()) {
    t.true(close(labels[e]?.[0] as number, exactLogMeanExp(values, eta), 1e-7), `eta ${eta}`);
  }
  // One completion in a million is right and eta is huge: 1 - ln(1e6)/eta, the rest vanishes.
  t.true(close(labels[7]?.[1] as number, 1 - Math.log(1e6) / 1e4, 1e-7));
});

test("the label of 0/1 outcomes is the closed form", async (t) => {
  const segments = lengths.map(binarySegment);
  const labels = await labelsOf(segments, allEtas);
  for (const [e, eta] of allEtas.entries()) {
    for (const [p, segment] of segments.entries()) {
      const rate = segment.reduce((sum, outcome) => sum + outcome, 0) / segment.length;
      const closed =
        eta === 0 || rate === 0 || rate === 1
          ? rate
          : eta > 0
            ? 1 + Math.log1p((1 - rate) * Math.expm1(-eta)) / eta
            : Math.log1p(rate * Math.expm1(eta)) / eta;
      t.true(close(labels[e]?.[p] as number, closed, 1e-7), `eta ${eta}, rate ${rate}`);
    }
  }
});

test("a label lies in the range of its outcomes and grows with eta", async (t) => {
  const segments = lengths.flatMap((length) => [uniformSegment(length), binarySegment(length)]);
  const labels = await labelsOf(segments, allEtas);
  for (const [p, segment] of segments.entries()) {
    const row = allEtas.map((_, e) => labels[e]?.[p] as number);
    t.true(row.every((label) => label >= Math.min(...segment) && label <= Math.max(...segment)));
    // Neighbouring etas may round to the same f32, or, where both are the mean, one unit apart.
    for (let e = 1; e < row.length; e++) t.true((row[e] as number) >= (row[e - 1] as number) - 6e-8);
  }
});

test("the label tends to the mean, the largest and the smallest outcome", async (t) => {
  const segments = lengths.map(uniformSegment);
  const [low, small, mean, high] = (await labelsOf(segments, [-1e9, 1e-9, 0, 1e9])) as [
    number[],
    number[],
    number[],
    number[],
  ];
  for (const [p, segment] of segments.entries()) {
    t.true(close(low[p] as number, Math.min(...segment), 1e-7));
    t.true(close(high[p] as number, Math.max(...segment), 1e-7));
    t.true(close(small[p] as number, mean[p] as number, 1e-7));
  }
});

test("turning every outcome r into 1 - r and eta into -eta turns the label into 1 - label", async (t) => {
  // Multiples of 2^-20, so that 1 - r is exact.
  const segments = lengths.map((length) => Array.from({ length }, () => Math.floor(random() * 2 ** 20) / 2 ** 20));
  const turned = segments.map((segment) => segment.map((outcome) => 1 - outcome));
  const labels = await labelsOf(segments, allEtas);
  const turnedLabels = await labelsOf(
    turned,
    allEtas.map((eta) => -eta),
  );
  for (const [e, row] of labels.entries()) {
    for (const [p, label] of row.entries()) t.true(close(label, 1 - (turnedLabels[e]?.[p] as number), 1.5e-7));
  }
});

test("a label does not depend on its neighbours, its place or the other etas", async (t) => {
  const segments = Array.from({ length: 4000 }, (_, i) => uniformSegment(1 + (i % 37)));
  const together = await labelsOf(segments, [-3, 0.5, 7]);
  for (const p of [0, 1, 36, 1999, 3998, 3999]) {
    const segment = segments[p] as number[];
    const alone = await labelsOf([segment], [0.5]);
    t.is(alone[0]?.[0], together[1]?.[p]);
  }
});

test("labels do not depend on the number of threads", async (t) => {
  const script = `
    const { createHash } = await import("node:crypto");
    const outcomes = Float32Array.from({ length: 300_000 }, (_, i) => ((i * 7919) % 1009) / 1009);
    const offsets = Int32Array.from({ length: 10_001 }, (_, i) => 30 * i);
    const labels = await loadAddon().logMeanExp(outcomes, offsets, Float64Array.of(-2, 0, 1, 50));
    console.log(createHash("sha256").update(labels).digest("hex"));`;
  const environments = [{ OMP_NUM_THREADS: "1" }, { OMP_NUM_THREADS: "2" }];
  const results = [];
  for (const env of environments) results.push(await runChildScript(script, env));
  t.deepEqual(
    results.map(({ code, stderr }) => [code, stderr]),
    environments.map(() => [0, ""]),
  );
  t.regex(results[0]?.stdout ?? "", /^[0-9a-f]{64}\n$/);
  t.is(results[1]?.stdout, results[0]?.stdout);
});

test("an infinite eta gives the largest outcome, the hard label of 0/1 outcomes, and its negative the smallest", async (t) => {
  const segments = [[0, 0, 1], [0, 0], [1], [0.25, -3, 0.5]];
  t.deepEqual(await labelsOf(segments, [Infinity, 0, -Infinity]), [
    [1, 0, 1, 0.5],
    [Math.fround(1 / 3), 0, 1, -0.75],
    [0, 0, 1, -3],
  ]);
});

test("etas and segments may be none", async (t) => {
  t.is((await native.logMeanExp(new Float32Array(), Int32Array.of(0), Float64Array.of(1))).length, 0);
  t.is((await native.logMeanExp(Float32Array.of(1), Int32Array.of(0, 1), new Float64Array())).length, 0);
});

test("a subarray is read from its own first element", async (t) => {
  const outcomes = Float32Array.of(9, 0.25, 0.75, 9).subarray(1, 3);
  const offsets = Int32Array.of(7, 0, 2).subarray(1);
  t.deepEqual([...(await native.logMeanExp(outcomes, offsets, Float64Array.of(5, 0).subarray(1)))], [0.5]);
});

test("an array whose memory was given away counts as empty, and one written to after the call as it was", async (t) => {
  const given = Float32Array.of(0, 1);
  structuredClone(given, { transfer: [given.buffer] });
  await t.throwsAsync(native.logMeanExp(given, Int32Array.of(0, 2), Float64Array.of(1)), {
    message: /offsets\[1\] to be 0/,
  });
  const outcomes = Float32Array.of(0, 1);
  const pending = native.logMeanExp(outcomes, Int32Array.of(0, 2), Float64Array.of(0));
  outcomes.fill(7);
  t.deepEqual([...(await pending)], [0.5]);
});

const one = Float32Array.of(1);
const refusals: [string, unknown[], RegExp][] = [
  ["an empty segment", [one, Int32Array.of(0, 0, 1), Float64Array.of(1)], /segment 0 to hold at least one outcome/],
  [
    "a NaN outcome",
    [Float32Array.of(1, NaN), Int32Array.of(0, 1, 2), Float64Array.of(1)],
    /outcomes\[1\] \(segment 1\).*NaN/,
  ],
  [
    "an infinite outcome",
    [Float32Array.of(-Infinity), Int32Array.of(0, 1), Float64Array.of(1)],
    /segment 0.*-Infinity/,
  ],
  ["an eta that is NaN", [one, Int32Array.of(0, 1), Float64Array.of(1, NaN)], /etas\[1\] to be a number.*NaN/],
  ["offsets past the outcomes", [one, Int32Array.of(0, 2), Float64Array.of(1)], /offsets\[1\] to be 1/],
  ["offsets that go back", [one, Int32Array.of(0, 2, 1), Float64Array.of(1)], /offsets\[2\] to be at least 2/],
  ["offsets from 1 on", [one, Int32Array.of(1, 1), Float64Array.of(1)], /offsets\[0\] to be 0/],
  ["no offsets", [one, Int32Array.of(), Float64Array.of(1)], /offsets to have at least one entry/],
  ["a plain array", [[1], Int32Array.of(0, 1), Float64Array.of(1)], /outcomes to be a Float32Array, received an array/],
  ["doubles for outcomes", [Float64Array.of(1), Int32Array.of(0, 1), Float64Array.of(1)], /received Float64Array of 1/],
  ["a missing argument", [one, Int32Array.of(0, 1)], /etas to be a Float64Array, received undefined/],
];
for (const [what, args, message] of refusals) {
  test(`${what} is refused with ERPRM_INVALID_ARGUMENT`, async (t) => {
    const call = native.logMeanExp as (...args: unknown[]) => Promise<unknown>;
    const error = await t.throwsAsync(call(...args), { message });
    t.is((error as { code?: string }).code, "ERPRM_INVALID_ARGUMENT");
  });
}
