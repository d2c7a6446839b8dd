import test from "ava";
import fc from "fast-check";
import { learningRateAt, type Schedule, scheduleShapes } from "../../../src/training/schedule.js";

const rates = (schedule: Schedule, numUpdates: number) =>
  Array.from({ length: numUpdates }, (_, i) => learningRateAt(schedule, i + 1, numUpdates));

function near(a: number[], b: number[]): boolean {
  return a.length === b.length && a.every((value, i) => Math.abs(value - (b[i] as number)) < 1e-12);
}

test("each shape follows its equation", (t) => {
  t.true(near(rates({ shape: "constant", peak: 2 }, 3), [2, 2, 2]));
  t.true(near(rates({ shape: "linear", peak: 1 }, 4), [1, 0.75, 0.5, 0.25]));
  t.true(near(rates({ shape: "linear", peak: 1, floor: 0.2 }, 4), [1, 0.8, 0.6, 0.4]));
  t.true(near(rates({ shape: "cosine", peak: 1 }, 4), [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2]));
  t.true(near(rates({ shape: "linear", peak: 1, warmup: 3 }, 5), [0.25, 0.5, 0.75, 1, 0.5]));
});

test("the first update behind the warm-up has the peak to the last bit, whatever the floor", (t) => {
  const [peak, floor] = [3e-5, 3e-6];
  t.not(floor + (peak - floor), peak, "numbers that show it");
  for (const shape of scheduleShapes) t.is(learningRateAt({ shape, peak, floor, warmup: 2 }, 3, 10), peak);
});

test("warm-up is a number of updates from 1 on, a share of them below", (t) => {
  t.deepEqual(
    rates({ shape: "cosine", peak: 1, warmup: 0.1 }, 100),
    rates({ shape: "cosine", peak: 1, warmup: 10 }, 100),
  );
  t.deepEqual(rates({ shape: "cosine", peak: 1, warmup: 1000 }, 3), rates({ shape: "cosine", peak: 1, warmup: 2 }, 3));
});

test("the rate rises to the peak once, then never rises again, and is never 0 nor below the floor", (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...scheduleShapes),
      fc.double({ min: 1e-7, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.oneof(fc.nat(30), fc.double({ min: 0, max: 0.99, noNaN: true })),
      fc.integer({ min: 1, max: 60 }),
      (shape, peak, floorShare, warmup, numUpdates) => {
        const schedule = { shape, peak, floor: peak * floorShare, warmup };
        const all = rates(schedule, numUpdates);
        const top = all.indexOf(Math.max(...all));
        t.is(all[top], peak);
        t.true(all.every((rate) => rate > 0));
        t.true(all.slice(top).every((rate) => rate >= schedule.floor * (1 - 1e-12)));
        t.true(
          all.every(
            (rate, i) => i === 0 || (i <= top ? rate > (all[i - 1] as number) : rate <= (all[i - 1] as number)),
          ),
        );
      },
    ),
  );
});

test("a schedule with a field out of range is refused by name", (t) => {
  const good: Schedule = { shape: "cosine", peak: 1 };
  t.throws(() => learningRateAt({ ...good, shape: "step" as never }, 1, 1), { message: /the schedule/ });
  t.throws(() => learningRateAt({ ...good, peak: 0 }, 1, 1), { message: /the learning rate/ });
  t.throws(() => learningRateAt({ ...good, peak: Number.NaN }, 1, 1), { message: /the learning rate/ });
  t.throws(() => learningRateAt({ ...good, floor: 2 }, 1, 1), { message: /smallest learning rate/ });
  t.throws(() => learningRateAt({ ...good, warmup: 1.5 }, 1, 1), { message: /the warm-up/ });
  t.throws(() => learningRateAt({ ...good, warmup: -1 }, 1, 1), { message: /the warm-up/ });
  t.throws(() => learningRateAt(good, 0, 1), { message: /the update/ });
  t.throws(() => learningRateAt(good, 2, 1), { message: /the update/ });
});
