import test from "ava";
import { derived, summaryJson, summaryText } from "../../../src/cli/summary.js";
import { LabelTally, SolutionTally } from "../../../src/cli/tally.js";
import type { LabelRecord, Solution } from "../../../src/types.js";

const summary = {
  stage: "label",
  out: "runs/x",
  alreadyComplete: false,
  counts: {
    problems: 2,
    labelled: 8,
    correct: 2,
    completedSteps: 10,
    gradedCompletions: 80,
    correctCompletions: 20,
    rollouts: 88,
    sampledTokens: 4400,
    promptTokensComputed: 500,
    prefixTokens: 2000,
    unsharedTokens: 16000,
    peakMemoryBytes: 3 * 2 ** 30,
    "mean soft": 0.25,
  },
  timings: { load: 1, run: 11, engine: 10.45 },
};

test("rates and shares follow from counts and seconds", (t) => {
  const { rolloutsPerSecond, tokensPerSecond, shareOutsideEngine, accuracy, completionAccuracy } = derived(summary);
  t.is(rolloutsPerSecond, 8);
  t.is(tokensPerSecond, 400);
  t.true(Math.abs((shareOutsideEngine as number) - 0.05) < 1e-12);
  t.is(accuracy?.value, 0.25);
  t.is(completionAccuracy?.n, 80);
});

test("the text says accuracy with n and interval, speed, the shared trunk and memory", (t) => {
  const text = summaryText(summary);
  t.regex(text, /8 labelled solutions of 2 problems in runs\/x/);
  t.regex(text, /25\.0 % correct \(2 of 8, 95 % interval 7\.1 % to 59\.1 %\)/);
  t.regex(text, /soft 0\.250 over 10 steps/);
  t.regex(text, /8\.00 rollouts\/s, 400 tokens\/s, 5\.0 % of the time outside the engine/);
  t.regex(text, /500 computed; 2,000 if every prefix were computed alone, 16,000 if every completion were/);
  t.regex(text, /peak memory +3\.0 GiB/);
});

test("the JSON is one line that holds what the text says", (t) => {
  const line = summaryJson(summary);
  t.false(line.includes("\n"));
  const parsed = JSON.parse(line);
  t.is(parsed.rolloutsPerSecond, 8);
  t.deepEqual(parsed.counts, summary.counts);
});

test("a run of which nothing is known has no rates", (t) => {
  t.deepEqual(derived({ stage: "label", alreadyComplete: true, counts: {}, timings: {} }), {});
  t.regex(
    summaryText({ stage: "rollout", out: "r", alreadyComplete: true, counts: {}, timings: {} }),
    /complete already/,
  );
});

test("label means leave terminal steps out", (t) => {
  const record: LabelRecord = {
    problemId: "p",
    index: 0,
    question: "?",
    answer: "1",
    outcome: 1,
    steps: [
      { text: "a", numCompletions: 4, numCorrect: 1 },
      { text: "b", numCompletions: 4, numCorrect: 3 },
      { text: "c", numCompletions: 1, numCorrect: 1, terminal: true },
    ],
    labels: { soft: [0.25, 0.75, 1] },
  };
  const tally = new LabelTally();
  tally.add(record);
  tally.add({ ...record, index: 1, outcome: 0 });
  t.deepEqual(tally.counts, {
    problems: 1,
    labelled: 2,
    correct: 1,
    steps: 6,
    completedSteps: 4,
    gradedCompletions: 16,
    correctCompletions: 8,
    "mean soft": 0.5,
  });
});

test("solutions are counted by problem, outcome, answer and length", (t) => {
  const solution: Solution = { problemId: "p", index: 0, question: "?", answer: "1", steps: ["a", "b"], outcome: 1 };
  const tally = new SolutionTally();
  tally.add({ ...solution, finalAnswer: "1", tokenIds: [1, 2, 3] });
  tally.add({ ...solution, index: 1, outcome: 0, finishReason: "length" });
  t.deepEqual(tally.counts, {
    problems: 1,
    solutions: 2,
    correct: 1,
    withoutAnswer: 1,
    truncated: 1,
    steps: 4,
    solutionTokens: 3,
  });
});
