import test from "ava";
import fc from "fast-check";
import { randomStream, shuffledIndices, uniformOf } from "../../../src/statistics/random.js";

test("draws are a function of seed, purpose and names", (t) => {
  const take = (...key: Parameters<typeof randomStream>) => {
    const draw = randomStream(...key);
    return Array.from({ length: 5 }, () => draw(1000));
  };
  t.deepEqual(take(1, "order", 0), take(1, "order", 0));
  for (const other of [take(2, "order", 0), take(1, "bootstrap", 0), take(1, "order", 1), take(1, "order", "0")]) {
    t.notDeepEqual(take(1, "order", 0), other);
  }
  t.not(uniformOf(1, "held-out", "ab", "c"), uniformOf(1, "held-out", "a", "bc"));
});

test("a shuffle has every index once, and each index everywhere about equally often", (t) => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(), (count, seed) => {
      const shuffled = shuffledIndices(count, randomStream(seed, "x"));
      t.deepEqual(
        [...shuffled].sort((a, b) => a - b),
        [...new Array(count).keys()],
      );
    }),
  );
  const draw = randomStream(0, "x");
  const counts = new Int32Array(25);
  for (let i = 0; i < 5000; i++) {
    for (const [place, index] of shuffledIndices(5, draw).entries())
      counts[5 * place + index] = (counts[5 * place + index] as number) + 1;
  }
  // 1000 expected, standard deviation 28.
  t.true(counts.every((count) => Math.abs(count - 1000) < 150));
});

test("places of names are spread evenly over [0, 1)", (t) => {
  const places = Array.from({ length: 4000 }, (_, i) => uniformOf(9, "held-out", `problem-${i}`));
  t.true(places.every((place) => place >= 0 && place < 1));
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = places.filter((place) => Math.floor(place * 10) === tenth).length;
    t.true(Math.abs(count - 400) < 100);
  }
});
