import test from "ava";
import { labelsFromCounts } from "../../../src/data/step-labels.js";
import { ErprmError } from "../../../src/errors.js";
import { type LabelStageOptions, labelStage } from "../../../src/stages/label.js";
import { relabelStage } from "../../../src/stages/relabel.js";
import { rolloutStage } from "../../../src/stages/rollout.js";
import { newCounts } from "../../../src/stages/stage-counts.js";
import type { LabelRecord, Solution } from "../../../src/types.js";
import { FakeGrader } from "../../support/fake-grader.js";
import { collect, type FakeOptions, makeFakePolicy, makeTextModel } from "../../support/fake-policy.js";

const text = [" One and one.\n", "Then two.\n", "The answer is 4."];
const tokenIds = [...Buffer.from(text.join("")), 256];
const stepEnds = [14, 24, tokenIds.length];

function solutionOf(fields: Partial<Solution> = {}): Solution {
  return {
    problemId: "p0",
    index: 2,
    question: "What is 1 + 3?",
    answer: "4",
    steps: text,
    finalAnswer: "4",
    outcome: 1,
    finishReason: "stop",
    tokenIds,
    stepEnds,
    ...fields,
  };
}

async function labelled(solutions: Solution[], fake: FakeOptions = {}, stage: Partial<LabelStageOptions> = {}) {
  const { policy, native } = await makeFakePolicy(fake);
  const options = { policy, numCompletions: 6, grader: new FakeGrader(), seed: 9, ...stage };
  return { records: await collect(labelStage(solutions, options)), native, policy };
}

async function sampledSolutions(count: number): Promise<Solution[]> {
  const { policy } = await makeFakePolicy();
  const problems = Array.from({ length: count }, (_, i) => ({ id: `p${i}`, question: `${i}?`, answer: "4" }));
  return collect(rolloutStage(problems, { policy, numSolutions: 2, grader: new FakeGrader() }));
}

test("every prefix but the last is completed, and shares the trunk of its solution", async (t) => {
  const { native, policy } = await labelled([solutionOf()]);
  t.is(native.requests.length, 1);
  const request = native.requests[0] as (typeof native.requests)[0];
  const prompt = policy.text.encodePrompt(policy.text.renderPrompt({ question: "What is 1 + 3?" }));
  t.deepEqual([...request.prefixLengths], [prompt.length + 14, prompt.length + 24]);
  t.deepEqual([...request.trunk], [...prompt, ...tokenIds.slice(0, 24)]);
  t.deepEqual([...request.numCompletions], [6, 6]);
  t.deepEqual([...request.stepIndices], [0, 1]);
  t.deepEqual([...request.solutionIndices], [2, 2]);
  t.is(request.temperature, 1);
});

test("counts are the correct completions; the last step is terminal with the solution's outcome", async (t) => {
  // The answer of a completion: right for the first prefix, every other time for the second.
  let written = 0;
  const write: FakeOptions["write"] = () => `The answer is ${written++ < 6 || written % 2 === 0 ? 4 : 5}.`;
  const { records } = await labelled([solutionOf({ outcome: 0, finalAnswer: "7" })], { write }, { etas: [2] });
  t.deepEqual(records, [
    {
      problemId: "p0",
      index: 2,
      question: "What is 1 + 3?",
      answer: "4",
      outcome: 0,
      finalAnswer: "7",
      steps: [
        { text: text[0], numCompletions: 6, numCorrect: 6 },
        { text: text[1], numCompletions: 6, numCorrect: 3 },
        { text: text[2], numCompletions: 1, numCorrect: 0, terminal: true },
      ],
      labels: { hard: [1, 1, 0], soft: [1, 0.5, 0], ...labelsFromCounts([6, 6, 1], [6, 3, 0], ["er:2"]) },
      standardErrors: records[0]?.standardErrors,
    } as LabelRecord,
  ]);
  t.deepEqual(Object.keys(records[0]?.standardErrors ?? {}), ["soft", "er:2"]);
  t.is(records[0]?.standardErrors?.soft?.[2], 0);
});

test("a completion is graded with its prefix in front: an answer in the prefix counts", async (t) => {
  const { records } = await labelled(
    [solutionOf({ steps: ["So \\boxed{4}.\n", "Done."], tokenIds: undefined as never, stepEnds: undefined as never })],
    { write: () => "That is all." },
  );
  t.is(records[0]?.steps[0]?.numCorrect, 6);
});

test("a solution of one step needs no completions; one without steps is kept", async (t) => {
  const { records, native } = await labelled([
    solutionOf({ steps: ["The answer is 4."], tokenIds: tokenIds.slice(24), stepEnds: [17] }),
    solutionOf({ index: 3, steps: [], tokenIds: [], stepEnds: [] }),
  ]);
  t.is(native.requests.length, 0);
  t.deepEqual(records[0]?.steps, [{ text: "The answer is 4.", numCompletions: 1, numCorrect: 1, terminal: true }]);
  t.deepEqual(records[0]?.labels, { hard: [1], soft: [1], "er:1": [1], "er:2": [1], "er:5": [1] });
  t.deepEqual(records[1]?.steps, []);
});

test("a solution cut off by its length limit is labelled like any other, its last step by its outcome", async (t) => {
  const { records } = await labelled([solutionOf({ finishReason: "length", outcome: 0 })]);
  t.deepEqual(
    records[0]?.steps.map(({ terminal }) => terminal === true),
    [false, false, true],
  );
  t.is(records[0]?.steps[2]?.numCorrect, 0);
});

test("tokens that do not spell the steps are not used: the text is aligned instead", async (t) => {
  const own = await labelled([solutionOf()]);
  for (const foreign of [
    solutionOf({ tokenIds: tokenIds.map((id) => id + 1) }),
    solutionOf({ tokenIds: tokenIds.map((id) => id + 1000) }),
    solutionOf({ stepEnds: [13, 24, tokenIds.length] }),
    solutionOf({ tokenIds: undefined as never, stepEnds: undefined as never }),
  ]) {
    const { native, records } = await labelled([foreign]);
    // The byte tokenizer has one way to write a text, so the prefixes come out the same.
    t.deepEqual(native.requests[0]?.trunk, own.native.requests[0]?.trunk);
    t.deepEqual(records, own.records);
  }
});

test("steps from elsewhere get the delimiter of the split rule between them, and keep their text", async (t) => {
  const { native, records, policy } = await labelled([
    solutionOf({
      steps: ["One.", "Two.", "The answer is 4."],
      tokenIds: undefined as never,
      stepEnds: undefined as never,
    }),
  ]);
  const { trunk } = native.requests[0] as (typeof native.requests)[0];
  t.true(policy.tokenizer.decode(trunk).endsWith("One.\nTwo.\n"));
  t.is(records[0]?.steps[0]?.text, "One.");
});

test("records come in input order and do not depend on batch size or the order of arrival", async (t) => {
  const solutions = await sampledSolutions(12);
  t.true(solutions.some(({ steps }) => steps.length > 2));
  const expected = (await labelled(solutions, { maxBatch: 1, delayMs: () => 0 })).records;
  t.deepEqual(
    expected.map(({ problemId, index }) => [problemId, index]),
    solutions.map(({ problemId, index }) => [problemId, index]),
  );
  t.deepEqual((await labelled(solutions, { maxBatch: 16, delayMs: (n) => (n * 29) % 23 })).records, expected);
  t.deepEqual((await labelled(solutions.slice(5), { maxBatch: 3 })).records, expected.slice(5), "nor on the start");
});

test("the shared trunk: computed tokens are trunk lengths, not sums over prefixes or completions", async (t) => {
  const { policy, native } = await makeFakePolicy();
  const counts = newCounts();
  await collect(labelStage([solutionOf()], { policy, numCompletions: 6, grader: new FakeGrader(), counts }));
  const prompt = (native.requests[0]?.trunk.length as number) - 24;
  t.is(counts.trunkTokens, prompt + 24);
  t.is(counts.prefixTokens, 2 * prompt + 14 + 24);
  t.is(counts.unsharedTokens, 6 * counts.prefixTokens);
  t.is(policy.stats().promptTokens, counts.trunkTokens);
  t.is(counts.completions, 12);
});

test("a prefix that fills the context is ERPRM_INVALID_DATA naming problem and solution", async (t) => {
  const text = await makeTextModel();
  const longest = text.encodePrompt(text.renderPrompt({ question: "What is 1 + 3?" })).length + 24;
  const error = await t.throwsAsync(labelled([solutionOf()], { contextLength: longest }), { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_INVALID_DATA");
  t.true(error?.message.includes(`problem "p0" with solution 2 up to its last step`));
  t.true(error?.message.includes(`the context of ${longest} tokens, received ${longest} tokens`));
  t.is((await labelled([solutionOf()], { contextLength: longest + 1 })).records.length, 1);
});

test("an eta that is not finite is refused before anything is sampled", async (t) => {
  for (const eta of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const error = await t.throwsAsync(labelled([solutionOf()], {}, { etas: [1, eta] }), { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_INVALID_ARGUMENT");
  }
});

test("other etas need no policy: labels are computed from the counts", async (t) => {
  const { records } = await labelled([solutionOf()], {}, { etas: [0.5, 8] });
  const { records: others } = await labelled([solutionOf()], {}, { etas: [1] });
  t.deepEqual(await collect(relabelStage(others, { etas: [0.5, 8] })), records);
});

test("imported labels without counts cannot be labelled anew (ERPRM_INVALID_DATA)", async (t) => {
  const imported: LabelRecord = {
    problemId: "x",
    index: 0,
    question: "?",
    steps: [{ text: "a", numCompletions: 0, numCorrect: 0 }],
    labels: { hard: [1] },
    origin: { format: "prm800k", fields: {} },
  };
  const error = await t.throwsAsync(collect(relabelStage([imported])), { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_INVALID_DATA");
  t.regex(error?.message ?? "", /steps\[0\]\.numCompletions to be at least 1, received 0/);
});
