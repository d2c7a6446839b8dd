import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { emptyPrefix } from "../../../src/search/prefix.js";
import { newScoreCounts, ScoreQueue } from "../../../src/search/score-queue.js";
import { makeFakeRewardModel } from "../../support/fake-reward-model.js";

const prefix = (...steps: string[]) => ({ ...emptyPrefix, steps });
const problem = (id: string) => ({ id, question: `What is ${id}?` });

test("scores are those of the reward model, in the order of the prefixes", async (t) => {
  const { rewardModel } = await makeFakeRewardModel();
  const queue = new ScoreQueue(rewardModel);
  const prefixes = [prefix("a\n"), prefix("a\n", "b\n"), prefix("c\n")];
  const { question } = problem("p");
  t.deepEqual(
    await queue.score(problem("p"), prefixes),
    await rewardModel.scoreSteps(prefixes.map(({ steps }) => ({ question, steps }))),
  );
  t.deepEqual(await queue.score(problem("p"), []), []);
});

test("what is asked for while the reward model is busy shares a forward pass", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel({ delayMs: 5 });
  const counts = newScoreCounts();
  const queue = new ScoreQueue(rewardModel, undefined, counts);
  const asked = Array.from({ length: 9 }, (_, i) => queue.score(problem(`p${i}`), [prefix("a\n"), prefix(`${i}\n`)]));
  const scores = await Promise.all(asked);
  t.deepEqual(
    native.calls.map(({ length }) => length),
    [2, 16],
  );
  t.is(scores.length, 9);
  t.is(counts.scoredPrefixes, 18);
  t.is(
    counts.scoredTokens,
    native.calls.flat().reduce((sum, length) => sum + length, 0),
  );
  t.true(counts.scoringSeconds >= 0.009);
});

test("equal prefixes of one search are read once", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel();
  const queue = new ScoreQueue(rewardModel);
  const [one, other, again] = await queue.score(problem("p"), [prefix("a\n"), prefix("b\n"), prefix("a\n")]);
  t.deepEqual(again, one);
  t.notDeepEqual(other, one);
  t.is(native.calls.flat().length, 2);
});

test("a prefix that the reward model cannot read has no score, and those beside it and behind it have theirs", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel({ contextLength: 40, delayMs: 2 });
  const counts = newScoreCounts();
  const queue = new ScoreQueue(rewardModel, undefined, counts);
  const tooLong = prefix(`${"long ".repeat(20)}\n`);
  const withTag = prefix("2 * 3\n");
  const [busy, mixed, none] = await Promise.all([
    queue.score(problem("p0"), [prefix("a\n")]),
    queue.score(problem("p1"), [tooLong, prefix("a\n"), withTag, prefix("b\n")]),
    queue.score(problem("p2"), [tooLong]),
  ]);
  t.deepEqual(
    [busy, mixed, none].map((scores) => scores?.map((one) => one?.length)),
    [[1], [undefined, 1, undefined, 1], [undefined]],
  );
  t.is(counts.scoredPrefixes, 3);
  t.is(native.calls.flat().length, 3);
  t.is((await queue.score(problem("p4"), [prefix("a\n")])).length, 1, "and the queue goes on");
});

test("any other failure fails the search that it is about and no other", async (t) => {
  const bad = "x".charCodeAt(0);
  const { rewardModel } = await makeFakeRewardModel({
    delayMs: 2,
    logits: (tokens) => (tokens.at(-2) === bad ? Number.NaN : 0.5),
  });
  // One prefix a forward pass, so that a failure is one prefix's.
  const queue = new ScoreQueue(rewardModel, 1);
  const ids = ["p0", "p1", "p2", "p3"];
  const settled = await Promise.allSettled(
    ids.map((id) => queue.score(problem(id), [prefix(id === "p1" ? "x" : "a\n"), prefix("2 * 3\n")])),
  );
  t.deepEqual(
    settled.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "fulfilled"],
  );
  const { reason } = settled[1] as PromiseRejectedResult;
  t.true(reason instanceof ErprmError && reason.code === "ERPRM_NUMERICAL");
  t.regex(reason.message, /a solution of problem "p1"/);
});
