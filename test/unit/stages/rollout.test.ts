import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { rolloutStage } from "../../../src/stages/rollout.js";
import { newCounts } from "../../../src/stages/stage-counts.js";
import type { Problem } from "../../../src/types.js";
import { FakeGrader } from "../../support/fake-grader.js";
import { collect, endToken, type FakeOptions, makeFakePolicy } from "../../support/fake-policy.js";

const problems: Problem[] = Array.from({ length: 7 }, (_, i) => ({
  id: `p${i}`,
  question: `What is ${i} + ${4 - i}?`,
  answer: "4",
}));

async function solutionsWith(options: FakeOptions, stage: { skip?: number; numSolutions?: number } = {}) {
  const { policy, native } = await makeFakePolicy(options);
  const solutions = rolloutStage(problems, { policy, numSolutions: 3, grader: new FakeGrader(), seed: 9, ...stage });
  return { solutions: await collect(solutions), native };
}

test("solutions come in the order of problems and indices", async (t) => {
  const { solutions } = await solutionsWith({ delayMs: (number) => (number * 11) % 13 });
  t.deepEqual(
    solutions.map(({ problemId, index }) => `${problemId}/${index}`),
    problems.flatMap(({ id }) => [0, 1, 2].map((index) => `${id}/${index}`)),
  );
});

test("a solution is the same whatever the batch size and the order of arrival", async (t) => {
  const expected = (await solutionsWith({ maxBatch: 1, delayMs: () => 0 })).solutions;
  const others: FakeOptions[] = [{ maxBatch: 8, delayMs: (number) => 20 - 2 * number }, { maxBatch: 2 }];
  for (const options of others) t.deepEqual((await solutionsWith(options)).solutions, expected);
});

test("solutions that are there already are skipped, also in the middle of a problem", async (t) => {
  const expected = (await solutionsWith({})).solutions;
  for (const skip of [1, 3, 8, 20, 21]) {
    t.deepEqual((await solutionsWith({}, { skip })).solutions, expected.slice(skip), `skip ${skip}`);
  }
});

test("the first solutions of a problem do not depend on how many follow", async (t) => {
  const three = (await solutionsWith({})).solutions;
  const one = (await solutionsWith({}, { numSolutions: 1 })).solutions;
  t.deepEqual(
    one,
    three.filter(({ index }) => index === 0),
  );
});

test("every solution draws as step -1 of its own index, and a problem's prompt is one trunk", async (t) => {
  const { native } = await solutionsWith({});
  t.is(native.requests.length, problems.length);
  const request = native.requests[0] as (typeof native.requests)[0];
  t.deepEqual([...request.solutionIndices], [0, 1, 2]);
  t.deepEqual([...request.stepIndices], [-1, -1, -1]);
  t.deepEqual([...request.prefixLengths], Array(3).fill(request.trunk.length));
  t.is(request.temperature, 0.7);
});

test("steps are cut on the sampled tokens and spell the solution", async (t) => {
  const { solutions } = await solutionsWith({ write: () => "First.\nSecond.\nThe answer is 4." });
  const [solution] = solutions;
  t.deepEqual(solution?.steps, ["First.\n", "Second.\n", "The answer is 4."]);
  // The end token belongs to the last step.
  t.deepEqual(solution?.stepEnds, [7, 15, 32]);
  t.is(solution?.tokenIds?.at(-1), endToken);
  t.is(solution?.finalAnswer, "4");
  t.is(solution?.outcome, 1);
  t.is(solution?.finishReason, "stop");
  t.is(solution?.logProbability, -16);
});

test("a solution that the length limit cuts off is graded by the answer it states", async (t) => {
  const { policy } = await makeFakePolicy({ write: () => "\\boxed{4}. Let me check this once more, because" });
  const [stated] = await collect(
    rolloutStage(problems.slice(0, 1), {
      policy,
      numSolutions: 1,
      sampling: { maxTokens: 20 },
      grader: new FakeGrader(),
    }),
  );
  t.is(stated?.finishReason, "length");
  t.is(stated?.outcome, 1);
  const [cut] = await collect(
    rolloutStage(problems.slice(0, 1), {
      policy,
      numSolutions: 1,
      sampling: { maxTokens: 6 },
      grader: new FakeGrader(),
    }),
  );
  t.is(cut?.outcome, 0);
});

test("equal answers of one problem are graded once", async (t) => {
  const { policy } = await makeFakePolicy({ write: () => "The answer is 4." });
  const grader = new FakeGrader();
  await collect(rolloutStage(problems.slice(0, 2), { policy, numSolutions: 5, grader }));
  t.deepEqual(grader.graded, [
    ["4", "4"],
    ["4", "4"],
  ]);
});

test("a prompt that fills the context is ERPRM_INVALID_DATA naming the problem, after the solutions before it", async (t) => {
  const { policy } = await makeFakePolicy({ contextLength: 200 });
  const long = { id: "too-long", question: "very ".repeat(60), answer: "4" };
  const seen: string[] = [];
  const error = await t.throwsAsync(
    async () => {
      const stage = rolloutStage([problems[0] as Problem, long], { policy, numSolutions: 2, grader: new FakeGrader() });
      for await (const { problemId } of stage) seen.push(problemId);
    },
    { instanceOf: ErprmError },
  );
  t.is(error?.code, "ERPRM_INVALID_DATA");
  t.regex(
    error?.message ?? "",
    /the prompt of problem "too-long" to be shorter than the context of 200 tokens, received \d+/,
  );
  t.deepEqual(seen, ["p0", "p0"]);
});

test("the engine always has at least two batches in store while problems are left", async (t) => {
  const many = Array.from({ length: 60 }, (_, i) => ({ id: `m${i}`, question: "?", answer: "4" }));
  const { policy, native } = await makeFakePolicy({ maxBatch: 4, delayMs: () => 3 });
  await collect(rolloutStage(many, { policy, numSolutions: 2, grader: new FakeGrader() }));
  t.true(native.mostInFlight >= 3 * 4, `${native.mostInFlight} completions were in flight at most`);
  t.true(native.mostInFlight < 60, `${native.mostInFlight} completions were in flight at most`);
});

test("an abort ends the stage with ERPRM_ABORTED and cancels what is in flight", async (t) => {
  const { policy, native } = await makeFakePolicy({ delayMs: (number) => (number === 0 ? 0 : 10_000) });
  const controller = new AbortController();
  const seen: string[] = [];
  const error = await t.throwsAsync(
    async () => {
      const options = { policy, numSolutions: 1, grader: new FakeGrader(), signal: controller.signal };
      for await (const { problemId } of rolloutStage(problems, options)) {
        seen.push(problemId);
        controller.abort();
      }
    },
    { instanceOf: ErprmError },
  );
  t.is(error?.code, "ERPRM_ABORTED");
  t.deepEqual(seen, ["p0"]);
  t.is(native.inFlight, 0);
});

test("counts tell trunks from prefixes from completions", async (t) => {
  const { policy, native } = await makeFakePolicy();
  const counts = newCounts();
  const solutions = await collect(
    rolloutStage(problems, { policy, numSolutions: 3, grader: new FakeGrader(), counts }),
  );
  const trunks = native.requests.reduce((sum, { trunk }) => sum + trunk.length, 0);
  t.is(counts.trunkTokens, trunks);
  t.is(counts.prefixTokens, trunks);
  t.is(counts.unsharedTokens, 3 * trunks);
  t.is(counts.completions, solutions.length);
  t.is(
    counts.completionTokens,
    solutions.reduce((sum, { tokenIds }) => sum + (tokenIds?.length ?? 0), 0),
  );
});
