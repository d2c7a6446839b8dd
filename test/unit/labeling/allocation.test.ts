import test from "ava";
import fc from "fast-check";
import { ErprmError } from "../../../src/errors.js";
import { checkAllocation, nextRound, type PrefixCounts } from "../../../src/labeling/allocation.js";
import { expectedGain } from "../../../src/labeling/expected-gain.js";
import { halfWidth } from "../../../src/labeling/label-interval.js";
import type { Allocation, Outcome } from "../../../src/types.js";

const adaptive = (fields: Partial<Allocation & { kind: "adaptive" }> = {}): Allocation & { kind: "adaptive" } => ({
  kind: "adaptive",
  label: "soft",
  tolerance: 0.1,
  minCompletions: 4,
  maxCompletions: 64,
  ...fields,
});

/** Runs the rule to its end; `outcomes[t]` are those of prefix t, in the order of its random stream. */
function measure(
  allocation: Allocation,
  outcomes: readonly (readonly number[])[],
  outcome: Outcome = 0,
): PrefixCounts[] {
  let counts = outcomes.map((): PrefixCounts => ({ numCompletions: 0, numCorrect: 0 }));
  for (let round = 0; round < 1000; round += 1) {
    const wanted = nextRound(allocation, counts, outcome);
    if (wanted.every((count) => count === 0)) return counts;
    counts = counts.map(({ numCompletions }, t) => {
      const total = numCompletions + (wanted[t] as number);
      const correct = (outcomes[t] as readonly number[]).slice(0, total).reduce((sum, one) => sum + one, 0);
      return { numCompletions: total, numCorrect: correct };
    });
  }
  throw new Error("the rule never ends");
}

const correctOf = (outcomes: readonly number[], number: number) =>
  outcomes.slice(0, number).reduce((sum, one) => sum + one, 0);
const stream = fc.array(fc.constantFrom(0, 1), { minLength: 64, maxLength: 64 });

test("a fixed number is sampled in one round of every prefix", (t) => {
  const fixed: Allocation = { kind: "fixed", numCompletions: 5 };
  const none = { numCompletions: 0, numCorrect: 0 };
  t.deepEqual(nextRound(fixed, [none, none], 0), [5, 5]);
  t.deepEqual(nextRound(fixed, [{ numCompletions: 5, numCorrect: 3 }], 0), [0]);
  t.deepEqual(nextRound(fixed, [], 1), []);
});

test("an adaptive prefix ends with an interval within the tolerance, or with the most completions", (t) => {
  fc.assert(
    fc.property(stream, fc.double({ min: 0.05, max: 0.4, noNaN: true }), (outcomes, tolerance) => {
      for (const label of ["soft", "er:2", "er:-3"] as const) {
        const [count] = measure(adaptive({ label, tolerance }), [outcomes]) as [PrefixCounts];
        t.true(count.numCompletions === 64 || halfWidth(label, count) <= tolerance);
        t.true(count.numCompletions >= 4 && count.numCompletions <= 64);
      }
    }),
  );
});

test("what is sampled of a prefix does not depend on the prefixes beside it", (t) => {
  fc.assert(
    fc.property(stream, stream, (one, other) => {
      const alone = measure(adaptive(), [one])[0];
      t.deepEqual(measure(adaptive(), [other, one])[1], alone);
    }),
  );
});

test("prefixes that are all right or all wrong get fewer completions than those in between", (t) => {
  const [never, sometimes, always] = measure(adaptive(), [
    Array(64).fill(0),
    Array.from({ length: 64 }, (_, i) => i % 2),
    Array(64).fill(1),
  ]) as [PrefixCounts, PrefixCounts, PrefixCounts];
  t.is(never.numCompletions, always.numCompletions);
  t.true(never.numCompletions < 24, `${never.numCompletions}`);
  t.is(sometimes.numCompletions, 64);
});

test("with a large positive eta it is the prefixes with few right completions that need more", (t) => {
  const mostly = (value: number) => Array.from({ length: 64 }, (_, i) => (i % 16 === 3 ? 1 - value : value));
  const rule = adaptive({ label: "er:5" });
  const [low, high] = measure(rule, [mostly(0), mostly(1)]) as [PrefixCounts, PrefixCounts];
  t.true(low.numCompletions > 2 * high.numCompletions, `${low.numCompletions}, ${high.numCompletions}`);
});

test("by gain a prefix ends when one more completion is worth no more than asked for, and no sooner", (t) => {
  fc.assert(
    fc.property(stream, fc.constantFrom(0.004, 0.001, 0.0003), (outcomes, gain) => {
      for (const label of ["soft", "er:5"] as const) {
        const rule = { kind: "gain", label, gain, minCompletions: 4, maxCompletions: 64 } as const;
        const [count] = measure(rule, [outcomes]) as [PrefixCounts];
        t.true(count.numCompletions === 64 || expectedGain(label, count) <= gain);
        t.true(
          count.numCompletions === 4 ||
            gain < expectedGain(label, { numCompletions: 4, numCorrect: correctOf(outcomes, 4) }),
        );
      }
    }),
  );
});

test("what a completion is worth: the soft label's variance falls by the share 1 / (n + 2) of Jeffreys' posterior", (t) => {
  for (const [numCompletions, numCorrect] of [
    [1, 0],
    [8, 3],
    [64, 64],
  ] as const) {
    const [alpha, beta] = [numCorrect + 0.5, numCompletions - numCorrect + 0.5];
    const variance = (alpha * beta) / ((alpha + beta) ** 2 * (alpha + beta + 1));
    const gain = expectedGain("soft", { numCompletions, numCorrect });
    t.true(Math.abs(gain / (variance / (numCompletions + 2)) - 1) < 1e-9);
  }
});

test("a completion is worth less the more there are, and for a large eta most where few are right", (t) => {
  const worth = (numCompletions: number, numCorrect: number) => expectedGain("er:5", { numCompletions, numCorrect });
  t.true(worth(4, 2) > worth(8, 4) && worth(8, 4) > worth(32, 16) && worth(32, 16) > 0);
  t.true(worth(16, 1) > 4 * worth(16, 8) && worth(16, 8) > worth(16, 15));
});

test("the least and the most may be one number", (t) => {
  t.is(measure(adaptive({ minCompletions: 7, maxCompletions: 7 }), [Array(7).fill(0)])[0]?.numCompletions, 7);
});

for (const [what, allocation] of [
  ["a hard label", adaptive({ label: "hard" })],
  ["no label", adaptive({ label: "er:" as "soft" })],
  ["tolerance 0", adaptive({ tolerance: 0 })],
  ["tolerance NaN", adaptive({ tolerance: Number.NaN })],
  ["tolerance 0.6", adaptive({ tolerance: 0.6 })],
  ["gain 0", { kind: "gain", label: "soft", gain: 0, minCompletions: 4, maxCompletions: 8 } as Allocation],
  ["no completions", adaptive({ minCompletions: 0 })],
  ["the most below the least", adaptive({ maxCompletions: 3 })],
  ["a fixed number of 0", { kind: "fixed", numCompletions: 0 } as Allocation],
  ["a least number above the search's", { kind: "first-error", numCompletions: 4, minCompletions: 5 } as Allocation],
  ["a search with half a completion", { kind: "first-error", numCompletions: 0.5 } as Allocation],
] as const) {
  test(`an allocation with ${what} is refused`, (t) => {
    const error = t.throws(() => checkAllocation(allocation), { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_INVALID_ARGUMENT");
  });
}

test("one eta has one name in an allocation too", (t) => {
  const checked = checkAllocation(adaptive({ label: "er:2.0" as "er:2" }));
  t.is(checked.kind === "adaptive" && checked.label, "er:2");
});
