import test from "ava";
import fc from "fast-check";
import type { RewardExample } from "../../../src/training/example.js";
import { ExampleStore } from "../../../src/training/example-store.js";
import { heldOutProblems, splitExamples } from "../../../src/training/held-out.js";
import { QuestionGroups } from "../../../src/training/question-groups.js";
import { rewardExample } from "./examples.js";

const ids = (count: number) => Array.from({ length: count }, (_, i) => `problem-${i}`);

test("the held-out problems do not depend on the order or the repetitions of the input", (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 40 }),
      fc.nat(),
      fc.double({ min: 0.01, max: 0.9, noNaN: true }),
      (all, seed, share) => {
        const held = heldOutProblems(all, { seed, share });
        t.deepEqual(heldOutProblems([...all, ...all].reverse(), { seed, share }), held);
        t.is(held.size, Math.min(Math.max(Math.round(share * all.length), 1), all.length - 1));
      },
    ),
  );
});

test("seeds hold out different problems, a twentieth of them unless told otherwise", (t) => {
  const held = heldOutProblems(ids(1000), { seed: 1 });
  t.is(held.size, 50);
  t.notDeepEqual(heldOutProblems(ids(1000), { seed: 2 }), held);
  t.is(heldOutProblems(ids(1000), { seed: 1, share: 0 }).size, 0);
});

test("a larger share holds out the same problems and more", (t) => {
  const few = heldOutProblems(ids(200), { seed: 3, share: 0.05 });
  const many = heldOutProblems(ids(200), { seed: 3, share: 0.2 });
  t.true([...few].every((id) => many.has(id)));
});

test("one problem cannot be both trained on and held out", (t) => {
  const error = t.throws(() => heldOutProblems(["a", "a"], { seed: 0 }), {
    message: /at least two problems.*received 1/,
  });
  t.like(error, { code: "ERPRM_INVALID_DATA" });
  t.throws(() => heldOutProblems(ids(9), { seed: 0, share: 1 }), { message: /held-out share/ });
});

test("all solutions of a problem fall on one side, none is lost, and both sides keep the order", (t) => {
  const store = new ExampleStore<RewardExample>("reward");
  for (let i = 0; i < 60; i++) store.add(rewardExample(`p${i % 13}`, i, 5, [0.5, 1]));
  const { training, heldOut } = splitExamples(store, { seed: 5, share: 0.3 });
  const sides = [training, heldOut].map((side) => Array.from({ length: side.size }, (_, i) => side.get(i)));
  const problems = sides.map((side) => new Set(side.map(({ problemId }) => problemId)));
  t.is(problems[1]?.size, 4);
  t.true([...(problems[0] ?? [])].every((id) => !problems[1]?.has(id)));
  t.deepEqual(
    sides.flat().sort((a, b) => a.index - b.index),
    Array.from({ length: 60 }, (_, i) => store.get(i)),
  );
  for (const side of sides) t.true(side.every(({ index }, i) => i === 0 || index > (side[i - 1]?.index ?? 0)));
  t.is(splitExamples(store, { seed: 5, share: 0 }).training, store);
});

test("the split of problems whose questions differ is the one by their ids", (t) => {
  t.deepEqual([...heldOutProblems(ids(40), { seed: 3, share: 0.1 })].sort(), [
    "problem-12",
    "problem-25",
    "problem-33",
    "problem-37",
  ]);
  const groups = new QuestionGroups();
  for (const id of ids(40)) for (const _ of [0, 1]) groups.add(id, `What is ${id}?`);
  t.is(groups.sameQuestion.size, 0);
});

test("problems with the same question under other ids are held out or trained on together, whatever the seed", (t) => {
  const store = new ExampleStore<RewardExample>("reward");
  const groups = new QuestionGroups();
  for (let i = 0; i < 40; i++) {
    store.add(rewardExample(`p${i}`, 0, 5, [0.5, 1]));
    // Every question stands under two ids, once with other white space.
    groups.add(`p${i}`, i < 20 ? `What is ${i} + 1?` : `What  is ${i - 20} + 1?\n`);
  }
  const { sameQuestion } = groups;
  t.is(sameQuestion.size, 20);
  t.is(sameQuestion.get("p25"), "p5");
  for (let seed = 0; seed < 20; seed++) {
    const { training, heldOut } = splitExamples(store, { seed, share: 0.2, sameQuestion });
    t.is(heldOut.size, 8);
    const held = new Set(heldOut.problemIds());
    for (let i = 0; i < 20; i++) t.is(held.has(`p${i}`), held.has(`p${i + 20}`));
    t.is(training.size, 32);
  }
});

test("ids that share questions by way of a third one are together, and the first names them", (t) => {
  const groups = new QuestionGroups();
  for (const [id, question] of [
    ["a", "one"],
    ["b", "two"],
    ["c", "two"],
    ["c", "one"],
    ["d", "two"],
  ] as const)
    groups.add(id, question);
  const { sameQuestion } = groups;
  const together = ["a", "b", "c", "d"].map((id) => sameQuestion.get(id) ?? id);
  t.deepEqual(together, ["a", "a", "a", "a"]);
});
