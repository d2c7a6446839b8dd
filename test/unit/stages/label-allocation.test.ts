import test from "ava";
import { labelSteps } from "../../../src/data/step-labels.js";
import { halfWidth } from "../../../src/labeling/label-interval.js";
import { type LabelStageOptions, labelStage, labelStageWithCompletions } from "../../../src/stages/label.js";
import { relabelStage } from "../../../src/stages/relabel.js";
import { rolloutStage } from "../../../src/stages/rollout.js";
import { newCounts } from "../../../src/stages/stage-counts.js";
import type { Allocation, Solution } from "../../../src/types.js";
import { FakeGrader } from "../../support/fake-grader.js";
import { collect, type FakeOptions, makeFakePolicy } from "../../support/fake-policy.js";

const adaptive: Allocation = { kind: "adaptive", label: "soft", tolerance: 0.2, minCompletions: 4, maxCompletions: 24 };
const gain: Allocation = { kind: "gain", label: "er:5", gain: 0.004, minCompletions: 4, maxCompletions: 24 };
const search: Allocation = { kind: "first-error", numCompletions: 6 };
const early: Allocation = { kind: "first-error", numCompletions: 12, minCompletions: 2 };

/** Solutions of up to four steps, and two of nine. */
async function sampledSolutions(): Promise<Solution[]> {
  const { policy } = await makeFakePolicy();
  const problems = Array.from({ length: 8 }, (_, i) => ({ id: `p${i}`, question: `${i}?`, answer: "4" }));
  const sampled = await collect(rolloutStage(problems, { policy, numSolutions: 2, grader: new FakeGrader() }));
  const long = [0, 1].map((index): Solution => {
    const steps = [...Array.from({ length: 8 }, (_, t) => `Step ${t} goes on.\n`), "The answer is 5."];
    return { problemId: "long", index, question: "?", answer: "4", steps, finalAnswer: "5", outcome: 0 };
  });
  return [...sampled, ...long];
}

async function labelled(solutions: Solution[], stage: Partial<LabelStageOptions>, fake: FakeOptions = {}) {
  const { policy, native } = await makeFakePolicy(fake);
  const counts = newCounts();
  const options = { policy, grader: new FakeGrader(), seed: 4, counts, ...stage };
  return { all: await collect(labelStageWithCompletions(solutions, options)), native, counts };
}

for (const allocation of [adaptive, gain, search, early]) {
  const what = `${allocation.kind}${"minCompletions" in allocation ? `, from ${allocation.minCompletions}` : ""}`;

  test(`${what}: records and completions do not depend on batch size, arrival or the start`, async (t) => {
    const solutions = await sampledSolutions();
    const expected = (await labelled(solutions, { allocation }, { maxBatch: 1, delayMs: () => 0 })).all;
    const others = await labelled(solutions, { allocation }, { maxBatch: 16, delayMs: (n) => (n * 29) % 23 });
    t.deepEqual(others.all, expected);
    t.deepEqual((await labelled(solutions.slice(7), { allocation }, { maxBatch: 3 })).all, expected.slice(7));
  });

  test(`${what}: the completions of a prefix are the first ones of a fixed number with the same seed`, async (t) => {
    const solutions = await sampledSolutions();
    const { all } = await labelled(solutions, { allocation });
    const whole = (await labelled(solutions, { numCompletions: 24 })).all;
    let numCompared = 0;
    for (const [s, { record, completions }] of all.entries()) {
      for (const [stepIndex, { numCompletions, numCorrect, terminal }] of record.steps.entries()) {
        if (terminal) continue;
        const ofStep = completions.filter((one) => one.stepIndex === stepIndex);
        const longer = whole[s]?.completions.filter((one) => one.stepIndex === stepIndex) ?? [];
        t.deepEqual(ofStep, longer.slice(0, numCompletions));
        t.is(ofStep.filter(({ outcome }) => outcome === 1).length, numCorrect);
        numCompared += ofStep.length;
      }
    }
    t.true(numCompared > 50, `${numCompared}`);
  });

  test(`${what}: every record says so, and its labels follow from its counts`, async (t) => {
    for (const { record } of (await labelled(await sampledSolutions(), { allocation, etas: [2] })).all) {
      t.deepEqual(record.allocation, allocation);
      t.is(record.estimator, undefined);
      const { labels, standardErrors } = labelSteps(record.steps, ["hard", "soft", "er:2"]);
      t.deepEqual({ labels, standardErrors }, { labels: record.labels, standardErrors: record.standardErrors ?? {} });
    }
  });
}

test("adaptive prefixes stop within the tolerance or at the most, and cost less than the most for each", async (t) => {
  const { all, counts } = await labelled(await sampledSolutions(), { allocation: adaptive });
  const measured = all.flatMap(({ record }) => record.steps).filter(({ terminal }) => !terminal);
  for (const step of measured) t.true(step.numCompletions === 24 || halfWidth("soft", step) <= 0.2);
  t.true(new Set(measured.map(({ numCompletions }) => numCompletions)).size > 1);
  const sum = measured.reduce((total, { numCompletions }) => total + numCompletions, 0);
  t.is(counts.completions, sum, "what was counted is what was sampled");
  t.true(sum < 24 * measured.length);
});

test("the search asks one prefix at a time, and only the trunk that it needs", async (t) => {
  const [, long] = (await sampledSolutions()).filter(({ problemId }) => problemId === "long");
  const { all, native } = await labelled(
    [long as Solution],
    { allocation: search },
    { write: () => "The answer is 5." },
  );
  // Nothing is ever right: the bracket of 8 prefixes halves from above.
  t.deepEqual(
    native.requests.map(({ stepIndices }) => [...stepIndices]),
    [[4], [2], [1], [0]],
  );
  for (const { trunk, prefixLengths } of native.requests) t.is(trunk.length, prefixLengths[0] as number);
  const steps = all[0]?.record.steps ?? [];
  t.deepEqual(
    steps.map(({ inferredFrom }) => inferredFrom),
    [undefined, undefined, undefined, 2, undefined, 4, 4, 4, undefined],
  );
  t.deepEqual(all[0]?.record.labels.soft, Array(9).fill(0));
});

test("a stage without completions kept gives the same records", async (t) => {
  const solutions = await sampledSolutions();
  const { policy } = await makeFakePolicy();
  const options = { policy, grader: new FakeGrader(), seed: 4, allocation: search };
  const records = await collect(labelStage(solutions, options));
  t.deepEqual(
    records,
    (await labelled(solutions, { allocation: search })).all.map(({ record }) => record),
  );
});

test("kept completions are the texts behind their prefix, with outcome and reason", async (t) => {
  const solutions = (await sampledSolutions()).slice(-1);
  let written = 0;
  const write: FakeOptions["write"] = () => `The answer is ${written++ % 3 === 0 ? 4 : 5}.`;
  const { all } = await labelled(solutions, { numCompletions: 3, sampling: { maxTokens: 17 } }, { write });
  t.is(all[0]?.completions.length, 24);
  t.deepEqual(all[0]?.completions[3], {
    problemId: "long",
    index: 1,
    stepIndex: 1,
    completionIndex: 0,
    text: "The answer is 4.",
    outcome: 1,
    finishReason: "stop",
  });
});

test("the estimator is in the record, and labels computed anew are those it gives", async (t) => {
  const estimator = { kind: "posterior", prior: [0.5, 0.5] } as const;
  const solutions = await sampledSolutions();
  for (const allocation of [adaptive, search]) {
    const posterior = (await labelled(solutions, { allocation, estimator })).all.map(({ record }) => record);
    const plain = (await labelled(solutions, { allocation })).all.map(({ record }) => record);
    t.notDeepEqual(posterior[0]?.labels.soft, plain[0]?.labels.soft);
    for (const record of posterior) t.deepEqual(record.estimator, estimator);
    t.deepEqual(await collect(relabelStage(plain, { estimator })), posterior);
    t.deepEqual(await collect(relabelStage(posterior)), posterior, "a record keeps its own");
    t.deepEqual(await collect(relabelStage(posterior, { estimator: { kind: "plug-in" } })), plain);
  }
});
