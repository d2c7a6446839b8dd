import test from "ava";
import fc from "fast-check";
import { groupAnswers, noAnswer } from "../../../src/evaluation/group-answers.js";

const never = () => false;

test("identical strings are one group without being asked about, none is no group", async (t) => {
  const asked: string[] = [];
  const match = (a: string, b: string) => asked.push(`${a} ${b}`) < 0;
  t.deepEqual(await groupAnswers(["7", undefined, "5", "7", undefined, "5"], match), [0, noAnswer, 1, 0, noAnswer, 1]);
  t.deepEqual(asked, ["5 7"]);
  t.deepEqual(await groupAnswers([], never), []);
  t.deepEqual(await groupAnswers([undefined], never), [noAnswer]);
});

test("answers that match share a group, numbered by first occurrence", async (t) => {
  const match = async (a: string, b: string) => Number(a) === Number(b);
  t.deepEqual(await groupAnswers(["2", "0.5", "2.0", ".5", "3", "02"], match), [0, 1, 0, 1, 2, 0]);
});

test("who is grouped with whom does not depend on the order, also where the match is neither symmetric nor transitive", async (t) => {
  const answer = fc.option(fc.integer({ min: 0, max: 12 }).map(String), { nil: undefined });
  const given = fc
    .array(answer, { maxLength: 12 })
    .chain((answers) =>
      fc.tuple(fc.constant(answers), fc.shuffledSubarray([...answers.keys()], { minLength: answers.length })),
    );
  // Says yes to some pairs only in one order.
  const match = (a: string, b: string) => (7 * Number(a) + 3 * Number(b)) % 5 === 0;
  const partners = (groups: number[], order: number[]) => {
    const byAnswer = order.map((i, place) => [i, order.filter((_, k) => groups[k] === groups[place]).sort()] as const);
    return byAnswer.sort(([a], [b]) => a - b);
  };
  await fc.assert(
    fc.asyncProperty(given, async ([answers, order]) => {
      const groups = await groupAnswers(answers, match);
      const shuffled = await groupAnswers(
        order.map((i) => answers[i]),
        match,
      );
      t.deepEqual(partners(shuffled, order), partners(groups, [...answers.keys()]));
    }),
  );
});

test("a chain of matches is one group", async (t) => {
  const match = (a: string, b: string) => Math.abs(Number(a) - Number(b)) < 1.5;
  t.deepEqual(await groupAnswers(["1", "5", "3", "2"], match), [0, 1, 0, 0]);
});

test("a group is never split by a later match: all pairs within reach end in one", async (t) => {
  // 1 and 2 are joined late, by 9, after both have groups of their own.
  const match = (a: string, b: string) => b === "9" || a === "9";
  t.deepEqual(await groupAnswers(["1", "2", "9"], match), [0, 0, 0]);
});

test("what is known to be the same is not asked about: three of one answer cost two questions", async (t) => {
  const asked: string[] = [];
  const match = (a: string, b: string) => asked.push(`${a} ${b}`) > 0;
  t.deepEqual(await groupAnswers(["3", "1", "2"], match), [0, 0, 0]);
  t.deepEqual(asked, ["1 2", "1 3"]);
});

test("a comparison that fails is passed on", async (t) => {
  const failed = groupAnswers(["1", "2"], () => Promise.reject(new Error("no grader")));
  await t.throwsAsync(failed, { message: "no grader" });
});
