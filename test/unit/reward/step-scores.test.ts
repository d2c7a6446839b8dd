import test from "ava";
import fc from "fast-check";
import type { Convention } from "../../../src/reward/convention.js";
import { stepScore } from "../../../src/reward/step-scores.js";
import { byteConvention } from "../../support/fake-reward-model.js";

const classification = (positiveClass: number): Convention => ({
  kind: "classification",
  prompt: {},
  tag: { text: "*", tokenIds: [42] },
  positiveClass,
});

test("two candidates: the softmax of the two, the first being the positive one", (t) => {
  const logits = Float32Array.of(9, 9, 2, 0.5);
  const expected = Math.exp(2) / (Math.exp(2) + Math.exp(0.5));
  t.is(stepScore(logits, 2, 1, byteConvention), Math.fround(expected));
  t.is(stepScore(logits, 2, 0, byteConvention), 0.5);
});

test("one output: its sigmoid, whatever the positive class is called", (t) => {
  const logits = Float32Array.of(0, 1.5, -1.5);
  t.is(stepScore(logits, 1, 0, classification(0)), 0.5);
  const [up, down] = [1, 2].map((row) => stepScore(logits, 1, row, classification(1))) as [number, number];
  t.is(up, Math.fround(1 / (1 + Math.exp(-1.5))));
  t.true(Math.abs(up + down - 1) < 1e-7);
});

test("several outputs: the softmax of the positive class", (t) => {
  const logits = Float32Array.of(1, 2, 3);
  const sum = Math.exp(1) + Math.exp(2) + Math.exp(3);
  for (const positive of [0, 1, 2]) {
    t.is(stepScore(logits, 3, 0, classification(positive)), Math.fround(Math.exp(1 + positive) / sum));
  }
});

test("a score is strictly between 0 and 1 and an f32, whatever the logits", (t) => {
  const logit = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(logit, { minLength: 1, maxLength: 4 }), (logits) => {
      const row = Float32Array.from(logits);
      const score = stepScore(row, row.length, 0, row.length === 2 ? byteConvention : classification(0));
      return score > 0 && score < 1 && Math.fround(score) === score;
    }),
  );
  t.is(stepScore(Float32Array.of(1000, -1000), 2, 0, byteConvention), 1 - 2 ** -24);
  t.is(stepScore(Float32Array.of(-1000, 1000), 2, 0, byteConvention), 2 ** -149);
});

test("logits that are not finite give no score", (t) => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    t.is(stepScore(Float32Array.of(bad, 0), 2, 0, byteConvention), Number.NaN);
  }
});
