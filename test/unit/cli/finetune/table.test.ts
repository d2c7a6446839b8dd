import test from "ava";
import { selectionText } from "../../../../src/cli/finetune/summary.js";
import { roundTable } from "../../../../src/cli/finetune/table.js";
import type { Finetuning, PolicyMeasures, Round } from "../../../../src/evaluation/finetuning.js";

const nothing = { value: null, low: null, high: null };
const policy: PolicyMeasures = {
  n: 8,
  accuracy: { value: 0.625, low: 0.306, high: 0.863 },
  meanTokens: 61.25,
  meanSteps: 4,
  numCutOff: 0,
  divergence: { value: 0.0125, low: 0.01, high: 0.015 },
};
const finetuning: Finetuning = {
  version: 1,
  selection: "top",
  policyModel: { name: "builtin:tiny", fingerprint: "f" },
  rewardModel: { name: "runs/prm", fingerprint: "r", kind: "process", target: "er:2" },
  aggregate: "min",
  ...{ numRounds: 1, numSolutions: 4, numDivergenceSolutions: 2, seed: 0, level: 0.95 },
  start: { ...policy, divergence: { value: 0, low: 0, high: 0 } },
  rounds: [
    {
      roundIndex: 1,
      rollout: {
        ...{ problems: 30, solutions: 120, accuracy: { value: 0.5, low: null, high: null }, meanTokens: 60 },
        ...{ numCutOff: 1, numEmpty: 0, numUnscorable: 0, distinctAnswers: 0.5, distinctNgrams: null },
        ...{ problemsUsed: 29, selected: 29, selectedAccuracy: 0.75, meanScore: 0.5, selectedScore: 0.9 },
      },
      training: { learningRate: 0.0001, updates: 3, tokens: 3000, loss: 0.5 },
      policy: { ...policy, divergence: nothing },
    },
  ],
};

test("the table has the start and each round, intervals below their values, and dashes where there is no value", (t) => {
  const text = roundTable(finetuning);
  t.regex(text, /│ start +│ 62\.5 +│ 0\.0000 +│ 61\.3 +│ +│/);
  t.regex(text, /│ +│ 30\.6 \.\. 86\.3 +│ +│/);
  t.regex(text, /│ round 1 +│ 62\.5 +│ - +│ 61\.3 +│ 50\.0 +│ 0\.500 +│ - +│ 29 of 30 +│ 29 +│ 75\.0 +│/);
});

test("an interval of one point is shown, but for the start, whose divergence from itself is known", (t) => {
  const [round] = finetuning.rounds;
  const still = { ...policy, divergence: { value: 0.25, low: 0.25, high: 0.25 } };
  const text = roundTable({ ...finetuning, rounds: [{ ...(round as Round), policy: still }] });
  t.regex(text, /│ +│ 30\.6 \.\. 86\.3 +│ 0\.2500 \.\. 0\.2500 +│/);
  t.notRegex(text, /0\.0000 \.\./);
});

test("the selection is told with what it goes by", (t) => {
  t.is(selectionText(finetuning), "top by runs/prm (er:2, min)");
  t.is(
    selectionText({ ...finetuning, selection: "threshold", threshold: 0.8 }),
    "threshold 0.8 by runs/prm (er:2, min)",
  );
  const { rewardModel, aggregate, ...others } = finetuning;
  t.is(selectionText({ ...others, selection: "correct" }), "correct");
});
