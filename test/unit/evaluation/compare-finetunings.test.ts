import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { finetuningComparisonText } from "../../../src/cli/finetune/table.js";
import { compareFinetunings, readFinetuning } from "../../../src/evaluation/compare-finetunings.js";
import type { Finetuning, PolicyMeasures } from "../../../src/evaluation/finetuning.js";
import { wilson } from "../../../src/statistics/wilson.js";
import { makeFolder } from "../../support/folder.js";
import { manifestOf } from "../../support/report-study.js";

const numProblems = 8;
const problemIds = Array.from({ length: numProblems }, (_, i) => `p${i}`);

interface Given {
  target?: string;
  seed?: number;
  fingerprint?: string;
  ids?: readonly string[];
  /** Beside the run's other one. */
  name?: string;
  aggregate?: string;
  /** Of a manifest; without them there is none. */
  options?: Record<string, unknown>;
  inputs?: Record<string, string>;
}

function measures(outcomes: readonly number[], divergence: number): PolicyMeasures {
  const value = outcomes.reduce((sum, outcome) => sum + outcome, 0) / outcomes.length;
  const accuracy = { value, low: null, high: null };
  const estimate = { value: divergence, low: null, high: null };
  return { n: outcomes.length, accuracy, meanTokens: 10, meanSteps: 2, numCutOff: 0, divergence: estimate };
}

/** A run whose greedy solutions had these outcomes: [start, round 1]. */
function writeRun(folder: string, outcomes: readonly (readonly number[])[], given: Given = {}): string {
  const { target, seed = 0, fingerprint = "f", ids = problemIds, aggregate = "min", options, inputs } = given;
  const directory = join(folder, given.name ?? `${target ?? "correct"}-${seed}-${fingerprint}`);
  for (const [round, some] of outcomes.entries()) {
    const own = join(directory, round === 0 ? "start" : `round-${round}`);
    mkdirSync(own, { recursive: true });
    const lines = some.map((outcome, p) =>
      JSON.stringify({ problemId: ids[p], index: 0, question: "q", answer: "1", steps: ["1"], outcome }),
    );
    // The order of the file does not matter.
    writeFileSync(join(own, "greedy.jsonl"), `${(round === 0 ? lines : lines.reverse()).join("\n")}\n`);
  }
  const [start = [], ...rounds] = outcomes;
  const finetuning: Partial<Finetuning> = {
    version: 1,
    selection: target === undefined ? "correct" : "top",
    policyModel: { name: "start", fingerprint },
    ...(target !== undefined && {
      rewardModel: { name: `runs/${target}`, fingerprint: "r", target },
      aggregate,
    }),
    ...{ numRounds: rounds.length, numSolutions: 4, seed, start: measures(start, 0) },
    rounds: rounds.map((some, i) => ({ roundIndex: i + 1, policy: measures(some, 0.5) }) as never),
  };
  writeFileSync(join(directory, "finetune.json"), JSON.stringify(finetuning));
  if (options ?? inputs) {
    writeFileSync(join(directory, "manifest.json"), manifestOf("finetune", { seed, options, inputs }));
  }
  return directory;
}

const start = [1, 1, 0, 0, 0, 0, 0, 0];
const hard = [1, 1, 1, 0, 0, 0, 0, 0];
const er = [
  [1, 1, 1, 1, 1, 1, 0, 0],
  [1, 1, 1, 1, 1, 0, 0, 0],
];

test("ways are paired by problem, seeds of one way averaged, and a hand-computed case comes out", async (t) => {
  const folder = makeFolder(t);
  const directories = [
    writeRun(folder, [start, hard], { target: "hard" }),
    writeRun(folder, [start, er[0] as number[]], { target: "er:2" }),
    writeRun(folder, [start, er[1] as number[]], { target: "er:2", seed: 1 }),
  ];
  const comparison = await compareFinetunings(directories);
  t.deepEqual(
    comparison.ways.map(({ name, seeds, accuracy, range, gain, divergence }) => [
      ...[name, seeds, accuracy.value, range, gain.value, divergence],
    ]),
    [
      ["start", [], 2 / 8, [2 / 8, 2 / 8], 0, 0],
      ["top hard", [0], 3 / 8, [3 / 8, 3 / 8], 1 / 8, 0.5],
      ["top er:2", [0, 1], 5.5 / 8, [5 / 8, 6 / 8], 3.5 / 8, 0.5],
    ],
  );
  const difference = comparison.differences.find(({ first, second }) => first === "top er:2" && second === "start");
  // Four problems differ, by 1, 1, 1 and 0.5: of 16 sign patterns only the two with one sign are as extreme.
  t.is(difference?.pValue, 2 / 16);
  t.true((difference?.correctedPValue as number) >= 2 / 16);
  t.is(difference?.difference.value, 3.5 / 8);
  t.true((difference?.difference.low as number) > 0);
  t.is(comparison.differences.length, 3);
  const text = finetuningComparisonText(comparison);
  t.regex(text, /1 rounds of 4 solutions a problem; the policies after round 1, greedy on 8 held-out problems/);
  t.regex(text, /top er:2 +│ 2 +│ 68\.8 +│ 62\.5 \.\. 75\.0 +│ 43\.8/);
  t.regex(text, /top er:2 +│ 31\.3/, "er:2 minus hard");
});

test("the accuracy of one run has the very interval of its finetune.json, Wilson's", async (t) => {
  const folder = makeFolder(t);
  const allRight = problemIds.map(() => 1);
  const { ways, differences } = await compareFinetunings([writeRun(folder, [start, allRight], { target: "hard" })]);
  for (const [way, numRight] of [2, 8].entries()) {
    const expected = wilson(numRight, numProblems);
    for (const bound of ["low", "high"] as const) {
      const found = ways[way]?.accuracy[bound] as number;
      t.true(Math.abs(found - (expected?.[bound] as number)) < 1e-9, `${way} ${bound} ${found}`);
    }
  }
  t.true((ways[1]?.accuracy.low as number) < 0.7, "eight of eight are not a certainty");
  t.is(differences[0]?.difference.high, 1);
});

test("the names of ways can be given, and an earlier round compared", async (t) => {
  const folder = makeFolder(t);
  const run = writeRun(folder, [start, hard, er[0] as number[]], { target: "hard" });
  const comparison = await compareFinetunings([run], { roundIndex: 1, nameOf: () => "mine" });
  t.is(comparison.ways[1]?.name, "mine");
  t.is(comparison.ways[1]?.accuracy.value, 3 / 8);
  await t.throwsAsync(compareFinetunings([run], { roundIndex: 3 }), { message: /Expected a round 3/ });
});

test("runs with another start, other held-out problems or another budget cannot be compared", async (t) => {
  const folder = makeFolder(t);
  const one = writeRun(folder, [start, hard], { target: "hard" });
  const others: [string, RegExp][] = [
    [writeRun(folder, [start, hard], { fingerprint: "g" }), /the same starting policy/],
    [writeRun(folder, [start, hard], { seed: 7, ids: [..."abcdefgh"] }), /the same held-out problems/],
    [writeRun(folder, [start, hard, hard], { seed: 8 }), /the same rounds and solutions/],
  ];
  for (const [other, message] of others) {
    await t.throwsAsync(compareFinetunings([one, other]), { code: "ERPRM_INVALID_DATA", message });
  }
  await t.throwsAsync(compareFinetunings([join(folder, "none")]), {
    code: "ERPRM_NOT_FOUND",
    message: /no finetune.json/,
  });
  await t.throwsAsync(compareFinetunings([]), { code: "ERPRM_INVALID_DATA" });
});

test("runs of one way differ in the seed and the reward model alone, and each has a seed of its own", async (t) => {
  const folder = makeFolder(t);
  const options = {
    temperature: 1,
    aggregate: "min",
    rewardModel: "runs/a",
    training: { learningRate: 1e-4, epochs: 2 },
  };
  const inputs = { problems: "a".repeat(64) };
  const usual = { target: "er:1", options, inputs };
  const add = (name: string, more: Given) => writeRun(folder, [start, hard], { ...usual, name, seed: 1, ...more });
  const first = add("first", { seed: 0 });
  const moved = add("moved", { options: { ...options, rewardModel: "runs/b" } });
  t.deepEqual((await compareFinetunings([first, moved])).ways[1]?.seeds, [0, 1]);
  const others: [string, RegExp][] = [
    [
      add("same-seed", { seed: 0 }),
      /"top er:1" to have a seed of its own, received seed 0 in .*first and in .*same-seed/,
    ],
    [first, /received seed 0 in .*first and in .*first/],
    [
      add("problems", { inputs: { problems: "b".repeat(64) } }),
      /between .*first and .*problems: input problems was aaaa/,
    ],
    [add("warmer", { options: { ...options, temperature: 0.7 } }), /option temperature was 1 and is now 0\.7/],
    [add("last", { aggregate: "last" }), /option aggregate was "min" and is now "last"/],
    [
      add("faster", { options: { ...options, training: { learningRate: 3e-4, epochs: 2 } } }),
      /option training\.learningRate was 0\.0001 and is now 0\.0003/,
    ],
  ];
  for (const [other, message] of others) {
    await t.throwsAsync(compareFinetunings([first, other]), { code: "ERPRM_INVALID_DATA", message });
  }
  const named = await compareFinetunings([first, add("warm", { options: { ...options, temperature: 0.7 } })], {
    nameOf: ({ identity }) => `at ${identity.options.temperature}`,
  });
  t.deepEqual(
    named.ways.map(({ name }) => name),
    ["start", "at 1", "at 0.7"],
  );
});

test("a fine-tuning whose results are broken is refused, naming what is wrong", async (t) => {
  const folder = makeFolder(t);
  const run = writeRun(folder, [start, hard], { target: "hard" });
  for (const [text, message] of [
    ["{", /finetune\.json/],
    ['{"version": 2}', /version 1 of the fine-tuning/],
    ['{"version": 1, "selection": "best"}', /selection to be one of/],
  ] as const) {
    writeFileSync(join(run, "finetune.json"), text);
    await t.throwsAsync(readFinetuning(run), { code: "ERPRM_INVALID_DATA", message });
  }
});
