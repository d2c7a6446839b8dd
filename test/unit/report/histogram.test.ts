import test from "ava";
import fc from "fast-check";
import { addValue, histogramOf, newValues } from "../../../src/report/histogram.js";

test("labels from 0 to 1 fall into twentieths, bounds upwards and the last one into the last bin", (t) => {
  const values = newValues();
  for (const value of [0, 0.05, 0.0499, 0.5, 1]) addValue(values, 1, value);
  addValue(values, 0, 0.75);
  addValue(values, undefined, 0.1);
  const histogram = histogramOf(values);
  t.is(histogram?.edges.length, 21);
  t.deepEqual(
    histogram?.right.flatMap((count, i) => (count > 0 ? [[i, count]] : [])),
    [
      [0, 2],
      [1, 1],
      [10, 1],
      [19, 1],
    ],
  );
  t.is(histogram?.wrong[15], 1);
  t.is(histogram?.unknown[2], 1);
  t.is(histogram?.n, 7);
});

test("values that lie close together get finer bins around them", (t) => {
  const values = newValues();
  for (let i = 0; i <= 20; i += 1) addValue(values, i % 2 === 0 ? 1 : 0, 0.5 + i / 200);
  const { edges, right, wrong } = histogramOf(values) ?? { edges: [], right: [], wrong: [] };
  t.true((edges[0] as number) >= 0.49 && (edges[edges.length - 1] as number) <= 0.61);
  t.true(edges.length > 12);
  t.is(
    right.reduce((a, b) => a + b),
    11,
  );
  t.is(
    wrong.reduce((a, b) => a + b),
    10,
  );
});

test("no values, no histogram", (t) => {
  t.is(histogramOf(newValues()), undefined);
});

test("every value is in the bin whose bounds hold it", (t) => {
  const share = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: 0, max: 20 }).map((k) => k / 20),
  );
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 30 }), (numbers) => {
      const values = newValues();
      for (const number of numbers) addValue(values, 1, number);
      const { edges, right } = histogramOf(values) as { edges: number[]; right: number[] };
      const expected = right.map((_, i) => {
        const [low, high] = [edges[i] as number, edges[i + 1] as number];
        const isLast = i === right.length - 1;
        return numbers.filter((one) => one >= low && (one < high || (isLast && one <= high))).length;
      });
      t.deepEqual(right, expected);
    }),
  );
});
