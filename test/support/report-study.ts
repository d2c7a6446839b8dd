/** A study small enough to compute by hand and with every part that a report can show: run directories on the disk. */
import { writeFileSync } from "node:fs";
import { aggregate, aggregates } from "../../src/data/selection.js";
import { labelSteps } from "../../src/data/step-labels.js";
import type { Estimate, Evaluation, Method } from "../../src/evaluation/evaluation.js";
import type { Finetuning, PolicyMeasures, Round } from "../../src/evaluation/finetuning.js";
import type { CompletionRecord, LabelRecord, Outcome, ScoreRecord } from "../../src/types.js";
import { makeFolder } from "./folder.js";

const jsonl = (records: readonly unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

export function manifestOf(stage: string, more: Record<string, unknown> = {}): string {
  const identity = {
    stage,
    options: { numSolutions: 4 },
    seed: 7,
    inputs: {},
    models: {},
    outputs: [],
    inputPaths: {},
  };
  const rest = {
    freeOptions: {},
    build: { erprm: "0.1.0" },
    startedAt: "2026-01-01T00:00:00.000Z",
    status: "complete",
  };
  return JSON.stringify({ ...identity, ...rest, counts: { labelled: 24 }, timings: { run: 1.5 }, ...more });
}

/** What nobody may run: in a question, a step and a completion. */
export const hostile = `</script><script>globalThis.broken = 1</script><img src=x onerror="globalThis.broken = 2">`;

const texts = [
  [
    "Tom has $5 and buys 3 pens for $1 each.\n",
    "So $5 - 3 \\cdot 1 = 2$ dollars are left.\n",
    "The answer is \\boxed{2}.",
  ],
  [
    `A set ${hostile} of two.\n`,
    "\\[ \\frac{1}{2} + \\frac{1}{2} = 1 \\]\n",
    "Hence \\(x = 4\\).\n",
    "The answer is 4.",
  ],
];

function labelRecord(problem: number, index: number): LabelRecord {
  const steps = texts[(problem + index) % 2] as string[];
  const outcome: Outcome = (problem + index) % 3 === 0 ? 0 : 1;
  const counts = steps.map((text, t) => {
    const isTerminal = t === steps.length - 1;
    const numCompletions = isTerminal ? 1 : 8;
    const numCorrect = isTerminal
      ? outcome
      : Math.max(0, Math.min(8, 2 + 5 * outcome + ((problem + index + t) % 3) - 1));
    return { text, numCompletions, numCorrect, ...(isTerminal && { terminal: true as const }) };
  });
  const question = problem === 0 ? `What is ${hostile}?` : `Question ${problem}: how many are left?`;
  const shared = { problemId: `word-test-${problem}`, index, question, answer: String(problem + 2), outcome };
  return {
    ...shared,
    finalAnswer: String(problem + 1 + outcome),
    steps: counts,
    ...labelSteps(counts, ["hard", "soft", "er:1"]),
  };
}

export const labelRecords: readonly LabelRecord[] = Array.from({ length: 24 }, (_, i) =>
  labelRecord(Math.floor(i / 4), i % 4),
);

export const scoreRecords: readonly ScoreRecord[] = labelRecords.map(({ problemId, index, labels, steps }, i) => {
  const stepScores = steps.map((_, t) => 0.2 + 0.6 * (labels.soft?.[t] as number) + 0.01 * ((i + t) % 7));
  const scores = Object.fromEntries(aggregates.map((how) => [how, aggregate(stepScores, how)]));
  return { problemId, index, model: "runs/prm", stepScores, scores: scores as ScoreRecord["scores"] };
});

export const completionRecords: readonly CompletionRecord[] = labelRecords.slice(0, 4).flatMap((record) =>
  record.steps.slice(0, -1).flatMap((step, stepIndex) =>
    Array.from({ length: step.numCompletions }, (_, completionIndex) => ({
      ...{ problemId: record.problemId, index: record.index, stepIndex, completionIndex },
      text: `and so on ${completionIndex} ${hostile} with $x^2$.`,
      outcome: Number(completionIndex < step.numCorrect) as Outcome,
      finishReason: completionIndex === 7 ? ("length" as const) : ("stop" as const),
    })),
  ),
);

const around = (value: number, half: number): Estimate => ({ value, low: value - half, high: value + half });

const methods: Method[] = [
  { rule: "pass@1" },
  { rule: "majority" },
  ...["er", "hard"].flatMap((model): Method[] => [
    { rule: "best-of-n", model, aggregate: "min" },
    { rule: "best-of-n", model, aggregate: "last" },
    { rule: "weighted-vote", model, aggregate: "min" },
  ]),
  { rule: "pass@n" },
];

/** Accuracies that rise with N as they do: not at all, a little, much. */
export function makeEvaluation(): Evaluation {
  const numCandidates = [1, 2, 4, 8, 16];
  const gains = [0, 0.018, 0.045, 0.038, 0.05, 0.03, 0.022, 0.033, 0.075];
  const bins = Array.from({ length: 5 }, (_, i) => ({
    ...{ low: i / 5, high: (i + 1) / 5, n: 40 + 30 * i },
    ...{ meanScore: 0.1 + 0.2 * i, meanSuccessRate: 0.16 + 0.17 * i },
    meanScoreInterval: { low: 0.09 + 0.2 * i, high: 0.11 + 0.2 * i },
    meanSuccessRateInterval: { low: 0.1 + 0.17 * i, high: 0.2 + 0.17 * i },
  }));
  const model = (name: string, target: string) => {
    return {
      name,
      source: "model",
      path: `runs/${name}`,
      fingerprint: "ab".repeat(32),
      kind: "process",
      target,
    } as const;
  };
  return {
    ...{ version: 1, numProblems: 100, numSolutions: 1600, numRight: 889, numWithoutAnswer: 3 },
    ...{ solutionsPerProblem: [16, 16], numCandidates, models: [model("er", "er:1"), model("hard", "hard")] },
    ...{ level: 0.95, seed: 0, numBootstrap: 1000, numFlips: 10_000, numSubsets: 1000 },
    discriminations: ["er", "hard"].map((name, k) => ({
      ...{ model: name, aggregate: "min", numProblems: 81, areaWithinProblems: around(0.68 - 0.09 * k, 0.03) },
      ...{ n: 1600, areaOverall: around(0.84 - 0.02 * k, 0.02) },
    })),
    methods: methods.map((method, m) => ({
      method,
      points: numCandidates.map((n, i) => ({
        numCandidates: n,
        accuracy: around(0.5556 + (gains[m] as number) * i, 0.06),
        computation: method.rule === "weighted-vote" && n > 2 ? "resampled" : "exact",
        numProblems: n === 16 ? 90 : 100,
      })),
    })),
    comparisons: [0, 1, 2].map((k) => ({
      first: methods[2] as Method,
      second: methods[[0, 1, 5][k] as number] as Method,
      ...{ numCandidates: 16, numProblems: 90, difference: around([0.18, 0.108, -0.06][k] as number, 0.07) },
      ...{ pValue: [0.0001, 0.0212, 0.31][k] as number, correctedPValue: [0.0003, 0.0424, 0.31][k] as number },
    })),
    calibration: ["er", "hard"].map((name, k) => ({
      ...{ model: name, n: 500, numProblems: 100, brierScore: around(0.16 + 0.03 * k, 0.02) },
      ...{ constantBrierScore: around(0.24, 0.01), areaUnderCurve: around(0.81 - 0.05 * k, 0.03) },
      ...{ calibrationError: around(0.05 + 0.09 * k, 0.02), bins },
    })),
    firstErrors: [
      {
        ...{ model: "er", data: "labels", threshold: 0.42, thresholdFrom: "split", numThresholdSolutions: 150 },
        ...{ numWrong: 64, numRight: 86, accuracyWrong: around(0.41, 0.12), accuracyRight: around(0.83, 0.08) },
        f1: around(0.549, 0.1),
      },
    ],
    lengths: [
      {
        ...{ model: "er", aggregate: "min", n: 1600, correlation: around(-0.21, 0.04) },
        ...{ correlationRight: around(-0.11, 0.06), correlationWrong: { value: null, low: null, high: null } },
        groups: [2, 3, 4, 5].map((from) => {
          const [meanScore, accuracy] = [0.9 - 0.1 * from, 0.95 - 0.12 * from];
          const interval = (value: number) => ({ low: value - 0.04, high: value + 0.04 });
          return {
            ...{ from, to: from === 5 ? 7 : from, n: 400, meanScore, accuracy },
            ...{ meanScoreInterval: interval(meanScore), accuracyInterval: interval(accuracy) },
          };
        }),
      },
    ],
  };
}

export function makeFinetuning(): Finetuning {
  const policy = (round: number): PolicyMeasures => ({
    ...{ n: 200, accuracy: around(0.52 + 0.045 * round, 0.07), meanTokens: 61.4 + 1.7 * round, meanSteps: 4.2 },
    ...{ numCutOff: 1, divergence: round === 0 ? around(0, 0) : around(0.002 * round, 0.0006) },
  });
  const rounds = [1, 2, 3].map((roundIndex): Round => {
    return {
      roundIndex,
      rollout: {
        ...{ problems: 300, solutions: 2400, accuracy: around(0.5 + 0.03 * roundIndex, 0.04), meanTokens: 62 },
        ...{ numCutOff: 4, numEmpty: 0, numUnscorable: 0, distinctAnswers: 0.4 - 0.05 * roundIndex },
        ...{ distinctNgrams: 0.31 - 0.02 * roundIndex, problemsUsed: 281, selected: 281 },
        ...{ selectedAccuracy: 0.72 + 0.02 * roundIndex, meanScore: 0.6, selectedScore: 0.88 },
      },
      training: { learningRate: 1e-5, updates: 40, tokens: 81_234, loss: 0.41 - 0.05 * roundIndex },
      policy: policy(roundIndex),
    };
  });
  return {
    ...{ version: 1, selection: "top", policyModel: { name: "builtin:tiny", fingerprint: "cd".repeat(32) } },
    rewardModel: { name: "er", fingerprint: "ab".repeat(32), kind: "process", target: "er:1" },
    ...{ aggregate: "min", numRounds: 3, numSolutions: 8, numDivergenceSolutions: 4, seed: 0, level: 0.95 },
    start: policy(0),
    rounds,
  };
}

const measures = (k: number) => {
  const own = {
    n: 60,
    brierScore: 0.25 - 0.01 * k,
    constantBrierScore: 0.24,
    areaUnderCurve: k === 0 ? null : 0.5 + 0.05 * k,
  };
  return {
    ...own,
    calibrationError: 0.2 - 0.02 * k,
    numBins: 10,
    crossEntropy: 0.7,
    meanScore: 0.5,
    meanSuccessRate: 0.6,
  };
};

export const trainingRecords = Array.from({ length: 21 }, (_, k) => {
  const heldOut = { kind: "held-out", updateIndex: k, loss: 0.7 - 0.01 * k, solutions: 8, positions: 60 };
  const update = { kind: "update", updateIndex: k, epoch: 0, loss: 0.72 - 0.011 * k + 0.02 * (k % 2) };
  const rest = { learningRate: 1e-4 * (1 - k / 21), gradientNorm: 2 - 0.05 * k, tokens: 900, positions: 40 };
  return [
    ...(k === 0 ? [] : [{ ...update, ...rest }]),
    ...(k % 4 === 0 ? [{ ...heldOut, measures: measures(k / 4) }] : []),
  ];
}).flat();

export interface Study {
  folder: string;
  /** The run directories, all of them. */
  runs: string[];
}

/** Runs of every stage in a temporary folder. */
export function makeStudy(t: { teardown(fn: () => void): void }): Study {
  const stages = ["label", "score", "train prm", "evaluate", "finetune"];
  const names = ["labels", "scores", "prm", "evaluation", "raft"];
  const folder = makeFolder(t, {
    "labels/labels.jsonl": jsonl(labelRecords),
    "labels/completions.jsonl": jsonl(completionRecords),
    "scores/scores.jsonl": jsonl(scoreRecords),
    "prm/training.jsonl": jsonl(trainingRecords),
    "evaluation/evaluation.json": JSON.stringify(makeEvaluation()),
    "raft/finetune.json": JSON.stringify(makeFinetuning()),
  });
  const runs = names.map((name) => `${folder}/${name}`);
  for (const [i, run] of runs.entries()) writeFileSync(`${run}/manifest.json`, manifestOf(stages[i] as string));
  return { folder, runs };
}
