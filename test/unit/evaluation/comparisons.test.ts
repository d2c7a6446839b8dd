import test from "ava";
import { compareMethods, flipsFor } from "../../../src/evaluation/comparisons.js";
import type { Method } from "../../../src/evaluation/evaluation.js";
import type { AccuraciesAtN } from "../../../src/evaluation/methods.js";
import { holm } from "../../../src/statistics/holm.js";

const scored = (model: string, ...aggregates: ("min" | "last")[]): Method[] =>
  aggregates.flatMap((aggregate): Method[] => [
    { rule: "best-of-n", model, aggregate },
    { rule: "weighted-vote", model, aggregate },
  ]);
const all: Method[] = [
  { rule: "pass@1" },
  { rule: "majority" },
  ...scored("a", "min", "last"),
  ...scored("b", "last", "min"),
  { rule: "pass@n" },
];

/** The k-th method's accuracy on problem i is a number of its own. */
const at = (numCandidates: number, numProblems = 6): AccuraciesAtN => ({
  numCandidates,
  problemIds: Array.from({ length: numProblems }, (_, i) => `p${i}`),
  methods: all.map((method, k) => ({
    method,
    computation: "exact",
    accuracies: Float64Array.from({ length: numProblems }, (_, i) => ((7 * k + 3 * i * k + i) % 11) / 11),
  })),
});

const name = ({ rule, model, aggregate }: Method) => [rule, model, aggregate].filter(Boolean).join(" ");
const names = (found: { first: Method; second: Method; numCandidates: number }[]) =>
  found.map(({ first, second, numCandidates }) => `${name(first)} - ${name(second)} @ ${numCandidates}`);

test("by default the largest N that all have and each model's first aggregate: the models with pass@1, majority and each other", async (t) => {
  t.deepEqual(names(await compareMethods([at(1), at(2), at(4)], { seed: 0 })), [
    "best-of-n a min - pass@1 @ 4",
    "best-of-n a min - majority @ 4",
    "weighted-vote a min - pass@1 @ 4",
    "weighted-vote a min - majority @ 4",
    "best-of-n b last - pass@1 @ 4",
    "best-of-n b last - majority @ 4",
    "weighted-vote b last - pass@1 @ 4",
    "weighted-vote b last - majority @ 4",
    "best-of-n a min - best-of-n b last @ 4",
  ]);
});

test("further Ns and aggregates are compared when asked for, models then with the same aggregate", async (t) => {
  const options = { seed: 0, numCandidates: [4, 2], aggregates: ["min", "last"] as const };
  const found = names(await compareMethods([at(1), at(2), at(4), at(8)], options));
  t.is(found.length, 2 * 2 * 9);
  t.is(new Set(found).size, found.length);
  t.deepEqual(
    found.filter((text) => /best-of-n a .*best-of-n b/.test(text)),
    [
      "best-of-n a min - best-of-n b min @ 2",
      "best-of-n a last - best-of-n b last @ 2",
      "best-of-n a min - best-of-n b min @ 4",
      "best-of-n a last - best-of-n b last @ 4",
    ],
  );
});

test("an N that fewer than half of the problems have is not the default, unless there is no other", async (t) => {
  const nsOf = async (...all: AccuraciesAtN[]) => [
    ...new Set((await compareMethods(all, { seed: 0 })).map(({ numCandidates }) => numCandidates)),
  ];
  t.deepEqual(await nsOf(at(1, 7), at(2, 7), at(4, 4), at(8, 3)), [4]);
  t.deepEqual(await nsOf(at(1, 6), at(2, 5), at(4, 3), at(8, 2)), [4]);
  t.deepEqual(await nsOf(at(1, 7), at(4, 3), at(8, 2)), [4]);
  t.deepEqual(await nsOf(at(8, 2)), [8]);
});

test("many comparisons are tested with more sign flips, so that Holm's correction cannot hide all of them", async (t) => {
  t.is(flipsFor(9), 100_000);
  t.is(flipsFor(9, 99), 900);
  t.is(flipsFor(940), 100_000);
  t.is(flipsFor(1881), 188_100);
  t.is(flipsFor(940, 200_000), 200_000);
  // 15 models that are always right against pass@1 and majority, which never are: 165 comparisons, 60 of them at the floor.
  const models = Array.from({ length: 15 }, (_, k) => scored(`m${k}`, "min")).flat();
  const methods = [{ rule: "pass@1" } as Method, { rule: "majority" } as Method, ...models].map((method) => ({
    ...{ method, computation: "exact" as const },
    accuracies: new Float64Array(20).fill(method.model === undefined ? 0 : 1),
  }));
  const problemIds = Array.from({ length: 20 }, (_, i) => `p${i}`);
  const found = await compareMethods([{ numCandidates: 2, problemIds, methods }], { seed: 0, numFlips: 99 });
  const small = found.filter(({ correctedPValue }) => (correctedPValue as number) <= 0.05);
  t.deepEqual([found.length, small.length], [165, 60]);
  for (const one of found) {
    const isFloor = small.includes(one) ? true : undefined;
    t.like(one, { pValueIsFloor: isFloor, correctedPValueIsFloor: isFloor });
  }
});

test("the difference is the mean over problems of first minus second, its p-value that of all sign patterns", async (t) => {
  const found = await compareMethods([at(2)], { seed: 0 });
  const accuraciesOf = (method: Method) => at(2).methods.find((one) => name(one.method) === name(method))?.accuracies;
  for (const { first, second, difference, pValue, numProblems } of found) {
    const [a, b] = [accuraciesOf(first), accuraciesOf(second)] as [Float64Array, Float64Array];
    const d = a.map((value, i) => value - (b[i] as number));
    const mean = d.reduce((sum, value) => sum + value, 0) / 6;
    t.true(Math.abs((difference.value as number) - mean) < 1e-12);
    t.true((difference.low as number) <= mean && mean <= (difference.high as number));
    let numExtreme = 0;
    for (let signs = 0; signs < 64; signs++) {
      const sum = d.reduce((all, value, i) => all + (signs & (1 << i) ? value : -value), 0);
      if (Math.abs(sum) >= Math.abs(6 * mean) - 1e-9) numExtreme++;
    }
    t.is(pValue, numExtreme / 64);
    t.is(numProblems, 6);
  }
  t.deepEqual(
    found.map(({ correctedPValue }) => correctedPValue),
    holm(found.map(({ pValue }) => pValue)),
  );
});

test("N = 1 is never compared, one problem has a difference but neither interval nor p-value", async (t) => {
  t.deepEqual(await compareMethods([at(1)], { seed: 0 }), []);
  t.deepEqual(await compareMethods([], { seed: 0 }), []);
  const [one] = await compareMethods([at(2, 1)], { seed: 0 });
  t.like(one, { pValue: null, correctedPValue: null, numProblems: 1, difference: { low: null, high: null } });
  t.is(typeof one?.difference.value, "number");
});

test("an N and an aggregate that were not evaluated are named", async (t) => {
  await t.throwsAsync(compareMethods([at(2)], { seed: 0, numCandidates: [3] }), { message: /N to be one of 2/ });
  await t.throwsAsync(compareMethods([at(2)], { seed: 0, aggregates: ["product"] }), { message: /evaluated for a/ });
});
