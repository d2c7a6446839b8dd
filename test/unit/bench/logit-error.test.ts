import test from "ava";
import { logitError } from "../../bench/logit-error.js";

test("equal logits have no error", (t) => {
  const logits = Float32Array.of(1, 2, 3, 0, -1, 5);
  const { relativeL2, klNats, sameBest } = logitError(logits, logits, 3);
  t.is(relativeL2, 0);
  t.true(Math.abs(klNats) < 1e-12);
  t.is(sameBest, 2);
});

test("error and divergence are those of the definitions", (t) => {
  // The first row: 3/4 and 1/4 against a half each. The second only has another constant in front, so no divergence.
  const exact = Float32Array.of(Math.log(3), 0, 2, 1);
  const rounded = Float32Array.of(0, 0, 1, 0);
  const { relativeL2, klNats, sameBest } = logitError(exact, rounded, 2);
  t.true(Math.abs(klNats - (0.75 * Math.log(1.5) + 0.25 * Math.log(0.5)) / 2) < 1e-6);
  t.true(Math.abs(relativeL2 - Math.sqrt((Math.log(3) ** 2 + 2) / (Math.log(3) ** 2 + 5))) < 1e-6);
  t.is(sameBest, 2);
  t.is(logitError(exact, Float32Array.of(0, 1, 1, 0), 2).sameBest, 1);
});

test("logits of different sizes are refused", (t) => {
  t.throws(() => logitError(Float32Array.of(1, 2), Float32Array.of(1), 2), { message: /received 2 and 1/ });
  t.throws(() => logitError(Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3), 2));
  t.throws(() => logitError(new Float32Array(), new Float32Array(), 2));
});
