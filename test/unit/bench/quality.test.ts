import test from "ava";
import { compareQuality } from "../../bench/quality.js";

const reference = [-1, -2, -3, -4];

test("mean, difference and root mean square are those of the tokens", (t) => {
  const { mean, difference, rms } = compareQuality([-1.5, -2, -2.5, -4.2], reference, "f32");
  t.true(Math.abs(mean - -2.55) < 1e-12);
  t.true(Math.abs(difference - -0.05) < 1e-12);
  t.true(Math.abs(rms - Math.sqrt((0.25 + 0.25 + 0.04) / 4)) < 1e-12);
});

test("f32 has to agree to a thousandth, 8 and 4 bits to a hundredth", (t) => {
  const off = (by: number) => reference.map((value) => value + by);
  t.true(compareQuality(off(0.0009), reference, "f32").agrees);
  t.false(compareQuality(off(-0.0011), reference, "f32").agrees);
  for (const precision of ["8 bits", "4 bits"] as const) {
    t.true(compareQuality(off(-0.009), reference, precision).agrees);
    t.false(compareQuality(off(0.011), reference, precision).agrees);
  }
});

test("an engine that gave too few numbers, or none that are numbers, is refused", (t) => {
  t.throws(() => compareQuality([-1, -2, -3], reference, "f32"), { message: /Expected 4 .* received 3/ });
  t.throws(() => compareQuality([], [], "f32"));
  t.throws(() => compareQuality([-1, -2, -3, Number.NaN], reference, "f32"), { message: /finite/ });
  t.throws(() => compareQuality([-1, -2, -3, Number.NEGATIVE_INFINITY], reference, "f32"), { message: /finite/ });
});
