import test from "ava";
import fc from "fast-check";
import { latenciesOf, percentile } from "../../bench/percentiles.js";

const oneTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test("percentiles are the nearest rank's value, whatever the order and however few", (t) => {
  t.deepEqual(latenciesOf(oneTo(100).reverse()), { p50: 50, p99: 99, max: 100 });
  t.deepEqual(latenciesOf(oneTo(200)), { p50: 100, p99: 198, max: 200 });
  t.deepEqual(latenciesOf([9, 10, 2]), { p50: 9, p99: 10, max: 10 });
  t.deepEqual(latenciesOf([7]), { p50: 7, p99: 7, max: 7 });
  t.is(percentile([3, 1, 2], 0), 1);
});

test("a percentile is one of the values, and as many values as its share says do not exceed it, no fewer for any smaller one", (t) => {
  const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 100 }), (given, percent) => {
      const found = percentile(given, percent / 100);
      const upTo = (limit: number) => given.filter((value) => value <= limit).length;
      const smaller = given.filter((value) => value < found);
      const needed = Math.ceil((percent / 100) * given.length);
      return given.includes(found) && upTo(found) >= needed && smaller.every((value) => upTo(value) < needed);
    }),
  );
  t.pass();
});

test("there is no percentile of nothing or of what is no number", (t) => {
  t.throws(() => percentile([], 0.5), { message: /percentile/ });
  t.throws(() => percentile([1, Number.NaN], 0.5), { message: /NaN/ });
});
