import test from "ava";
import fc from "fast-check";
import * as q from "../../../src/grading/rational.js";

const integers = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });
const rationals = fc
  .tuple(
    integers,
    integers.filter((d) => d !== 0n),
  )
  .map(([n, d]) => q.rational(n, d) as q.Rational);

test("sums and products of rationals are undone by their inverses", (t) => {
  fc.assert(
    fc.property(rationals, rationals, (a, b) => {
      const sum = q.add(a, b) as q.Rational;
      t.deepEqual(q.add(sum, q.negate(b)), a);
      if (b.n !== 0n) t.deepEqual(q.divide(q.multiply(a, b) as q.Rational, b), a);
    }),
  );
});

test("the root of a power is its base", (t) => {
  fc.assert(
    fc.property(rationals, fc.integer({ min: 2, max: 7 }), (a, k) => {
      const base = q.absolute(a);
      t.deepEqual(q.nthRoot(q.power(base, q.integer(k)) as q.Rational, k), base);
    }),
  );
});

test("decimals are exact", (t) => {
  t.deepEqual(q.parseDecimal("0.15"), { n: 3n, d: 20n });
  t.deepEqual(q.parseDecimal(".0000672"), q.parseDecimal("6.72", -5));
  t.deepEqual(q.parseDecimal("6.02", 23), q.integer(602n * 10n ** 21n));
});

test("what has no value or no end is undefined", (t) => {
  t.is(q.rational(1n, 0n), undefined);
  t.is(q.nthRoot(q.integer(2), 2), undefined);
  t.is(q.nthRoot(q.integer(-4), 2), undefined);
  t.is(q.power(q.integer(9), q.integer(387420489)), undefined);
  t.is(q.power(q.zero, q.integer(-1)), undefined);
});

test("ratios of integers beyond a double keep their value", (t) => {
  t.is(q.toNumber({ n: 3n ** 800n, d: 3n ** 799n * 2n }), 1.5);
});
