import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import type { StepText } from "../../../src/reward/encode-steps.js";
import { byteConvention, makeFakeRewardModel } from "../../support/fake-reward-model.js";
import { until } from "../../support/until.js";

/** Solutions of very different lengths. */
const solutions: StepText[] = Array.from({ length: 40 }, (_, i) => ({
  question: `What is ${i} + ${i}?`,
  steps: Array.from({ length: 1 + (i % 4) }, (_, step) => `${"so ".repeat((i * 7) % 23)}we have ${i + step}.\n`),
}));

test("a reward model says of a solution why it cannot be scored, without scoring", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel({ contextLength: 40 });
  const question = "What is 1 + 1?";
  t.is(rewardModel.unfit({ question, steps: ["It is 2."] }), undefined);
  t.is(rewardModel.unfit({ question, steps: [] }), "it has no steps");
  t.regex(rewardModel.unfit({ question, steps: ["x".repeat(30)] }) ?? "", /fit into the context of 40 tokens/);
  // `*` is the step tag.
  t.is(rewardModel.unfit({ question, steps: ["1 * 2.", "2."] }), '3 step tags "*" for 2 steps');
  t.is(rewardModel.unfit({ question, steps: ["It is", "\n"] }), 'step 1 of 2 is "\\n"');
  t.deepEqual(native.calls, []);
});

test("scores come in input order, one a step, whatever the budget", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel();
  const expected = await Promise.all(solutions.map(async (one) => (await rewardModel.scoreSteps([one]))[0]));
  t.deepEqual(
    expected.map((scores) => scores?.length),
    solutions.map(({ steps }) => steps.length),
  );
  t.true(expected.flat().every((score) => score !== undefined && score > 0 && score < 1));
  for (const tokenBudget of [1, 100, 500, 1_000_000]) {
    const before = native.calls.length;
    t.deepEqual(await rewardModel.scoreSteps(solutions, { tokenBudget }), expected);
    const calls = native.calls.slice(before);
    for (const [i, lengths] of calls.entries()) {
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      t.true(lengths.length === 1 || tokens <= tokenBudget);
      const next = calls[i + 1]?.[0];
      if (next !== undefined) t.true(tokens + next > tokenBudget, "a batch is as full as it can be");
    }
  }
});

test("the score of a step does not depend on the steps after it", async (t) => {
  const { rewardModel } = await makeFakeRewardModel();
  const steps = ["One.\n", "Two.\n", "Three.\n"];
  const [whole, part] = await rewardModel.scoreSteps([
    { question: "q", steps },
    { question: "q", steps: steps.slice(0, 2) },
  ]);
  t.deepEqual(part, whole?.slice(0, 2));
});

test("results leave after every forward pass, while the next solutions are read", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel({ delayMs: 1 });
  let read = 0;
  function* source() {
    for (const [i, one] of solutions.entries()) {
      read = i + 1;
      yield { ...one, what: `solution ${i}` };
    }
  }
  let seen = 0;
  for await (const _ of rewardModel.score(source(), { tokenBudget: 400 })) {
    seen += 1;
    const done = native.calls.reduce((sum, { length }) => sum + length, 0);
    t.true(seen <= done && read < seen + 40 && done - seen < 20, `${seen} seen, ${done} scored, ${read} read`);
    if (seen === 1) t.true(read < solutions.length / 2, `${read} read for the first result`);
  }
  t.is(seen, solutions.length);
});

test("a solution longer than the context is named, and the ones before it are scored", async (t) => {
  const { rewardModel } = await makeFakeRewardModel({ contextLength: 300 });
  const long = { question: "q", steps: ["x".repeat(400)] };
  const error = await t.throwsAsync(rewardModel.scoreSteps([...solutions.slice(0, 3), long]), {
    instanceOf: ErprmError,
  });
  t.is(error?.code, "ERPRM_INVALID_DATA");
  t.regex(error?.message ?? "", /solutions\[3\] to fit into the context of 300 tokens, received 4\d\d/);
  const seen: number[][] = [];
  await t.throwsAsync(async () => {
    const named = [...solutions.slice(0, 3), long, ...solutions].map((one, i) => ({ ...one, what: `solution ${i}` }));
    for await (const { stepScores } of rewardModel.score(named, { tokenBudget: 50 })) seen.push(stepScores);
  });
  t.is(seen.length, 3);
});

test("a solution without steps is named", async (t) => {
  const { rewardModel } = await makeFakeRewardModel();
  await t.throwsAsync(rewardModel.scoreSteps([{ question: "q", steps: [] }]), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /steps .* in solutions\[0\]/,
  });
  t.deepEqual(await rewardModel.scoreSteps([]), []);
});

test("logits that are not finite are an error that names solution and step", async (t) => {
  const { rewardModel } = await makeFakeRewardModel({ logits: (tokens) => (tokens.length > 30 ? Number.NaN : 1) });
  await t.throwsAsync(rewardModel.scoreSteps([{ question: "q", steps: ["a\n", "b".repeat(30)] }]), {
    code: "ERPRM_NUMERICAL",
    message: /step 1 of solutions\[0\]/,
  });
});

test("an abort stops between forward passes", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel({ delayMs: 5 });
  const controller = new AbortController();
  const running = rewardModel.scoreSteps(solutions, { tokenBudget: 50, signal: controller.signal });
  void until(() => native.calls.length > 1).then(() => controller.abort(new Error("enough")));
  const error = await t.throwsAsync(running, { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_ABORTED");
  t.true(native.calls.length < solutions.length);
  const calls = native.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(native.calls.length, calls, "nothing goes on behind");
});

test("a reader that stops early leaves nothing running and closes the source", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel({ delayMs: 2 });
  let closed = false;
  function* source() {
    try {
      for (let i = 0; ; i += 1) yield { ...(solutions[i % solutions.length] as StepText), what: `solution ${i}` };
    } finally {
      closed = true;
    }
  }
  for await (const { stepScores } of rewardModel.score(source(), { tokenBudget: 100 })) {
    t.true(stepScores.length > 0);
    break;
  }
  t.true(closed);
  const calls = native.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(native.calls.length, calls);
});

test("an error of the native side keeps its code", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel();
  native.score = () =>
    Promise.reject(Object.assign(new Error("no room"), { code: "ERPRM_OUT_OF_MEMORY", details: {} }));
  await t.throwsAsync(rewardModel.scoreSteps(solutions), { code: "ERPRM_OUT_OF_MEMORY" });
});

test("a disposed reward model refuses work (ERPRM_DISPOSED); dispose may be called again", async (t) => {
  const { rewardModel, native } = await makeFakeRewardModel();
  await rewardModel.dispose();
  await rewardModel[Symbol.asyncDispose]();
  t.is(native.disposals, 1);
  await t.throwsAsync(rewardModel.scoreSteps(solutions), { code: "ERPRM_DISPOSED" });
});

test("it says what it is", async (t) => {
  const { rewardModel } = await makeFakeRewardModel({ config: { kind: "outcome", aggregate: "last" } });
  t.is(rewardModel.kind, "outcome");
  t.is(rewardModel.config.aggregate, "last");
  t.is(rewardModel.config.convention, byteConvention);
  t.deepEqual(rewardModel.notes, []);
});
