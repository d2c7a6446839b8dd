import test from "ava";
import { parseSolution } from "../../../src/data/read-solutions.js";
import { aggregate } from "../../../src/data/selection.js";
import { parseSearchRecord, type SearchAlgorithm } from "../../../src/search/search-record.js";
import { rolloutStage } from "../../../src/stages/rollout.js";
import { type SearchStageOptions, searchStage } from "../../../src/stages/search.js";
import { newCounts } from "../../../src/stages/stage-counts.js";
import type { Problem } from "../../../src/types.js";
import { FakeGrader } from "../../support/fake-grader.js";
import { collect, type FakeOptions, makeFakePolicy } from "../../support/fake-policy.js";
import { makeFakeRewardModel } from "../../support/fake-reward-model.js";
import { until } from "../../support/until.js";

const problems: Problem[] = Array.from({ length: 7 }, (_, i) => ({
  id: `p${i}`,
  question: `What is ${i} + ${4 - i}?`,
  answer: "4",
}));
const algorithms: SearchAlgorithm[] = ["beam", "dvts", "best-of-n"];

/** One line, or the end: what a step sampler makes of it depends on the prefix and the draw alone. */
function line(bytes: Buffer): string {
  const [kind = 0, number = 0, answer = 0] = bytes;
  return kind % 3 === 0 ? `The answer is ${answer % 2 === 0 ? 4 : 5}.` : `We add ${number % 6}.\n`;
}

/** Steps for a tree, whole solutions for best-of-N. */
function write(bytes: Buffer, { stopBytes }: { stopBytes: Uint8Array }): string {
  if (stopBytes.length > 0) return line(bytes);
  const numSteps = (bytes[0] as number) % 4;
  return (
    Array.from({ length: numSteps }, (_, i) => `We add ${(bytes[i + 3] as number) % 6}.\n`).join("") +
    line(Buffer.of(0, 0, bytes[9] as number))
  );
}

async function searched(options: Partial<SearchStageOptions> = {}, fake: FakeOptions = {}, delayMs = 0) {
  const { policy, native } = await makeFakePolicy({ stopAtTexts: true, write, ...fake });
  const { rewardModel, native: reward } = await makeFakeRewardModel({ delayMs });
  const counts = newCounts();
  const stage = { policy, rewardModel, grader: new FakeGrader(), seed: 9, maxSteps: 12, counts, ...options };
  return { found: await collect(searchStage(problems, stage)), native, reward, counts, policy };
}

for (const algorithm of algorithms) {
  test(`${algorithm}: what is found depends on neither batch size, order of arrival, nor the problems beside`, async (t) => {
    const { found } = await searched({ algorithm }, { maxBatch: 1, delayMs: () => 0 });
    const shuffled = await searched({ algorithm }, { maxBatch: 8, delayMs: (number) => 9 - (number % 9) }, 3);
    t.deepEqual(shuffled.found, found);
    const { policy } = await makeFakePolicy({ stopAtTexts: true, write });
    const { rewardModel } = await makeFakeRewardModel();
    const alone = searchStage([problems[4] as Problem], {
      policy,
      rewardModel,
      grader: new FakeGrader(),
      seed: 9,
      maxSteps: 12,
      algorithm,
    });
    t.deepEqual(await collect(alone), [found[4]]);
    t.notDeepEqual((await searched({ algorithm, seed: 10 })).found, found);
  });

  test(`${algorithm}: records and solutions are what their readers take, and agree with each other`, async (t) => {
    const { found, counts } = await searched({ algorithm });
    t.deepEqual(
      found.map(({ solution }) => solution.problemId),
      problems.map(({ id }) => id),
    );
    let spent = 0;
    for (const { solution, record } of found) {
      const place = { file: "search.jsonl", line: 1 };
      t.deepEqual(parseSolution(JSON.parse(JSON.stringify(solution)), place), solution);
      t.deepEqual(parseSearchRecord(JSON.parse(JSON.stringify(record)), place), record);
      const chosen = record.solutions[record.chosen ?? -1];
      t.is(chosen?.finalAnswer, solution.finalAnswer);
      t.is(chosen?.outcome, solution.outcome);
      t.is(chosen?.numTokens, solution.tokenIds?.length);
      t.is(chosen?.stepScores.length, solution.steps.length);
      const scores = record.solutions.map(({ stepScores }) => aggregate(stepScores, "last"));
      t.is(chosen?.scores.last, Math.max(...scores));
      t.is(
        record.tokens,
        record.levels.reduce((sum, { tokens }) => sum + tokens, 0),
      );
      t.is(solution.stepEnds?.at(-1), solution.tokenIds?.length);
      spent += record.tokens;
    }
    t.is(spent, counts.completionTokens, "without a budget every token that was sampled is counted");
  });

  test(`${algorithm}: no search passes its budget, and a larger budget begins with what a smaller one holds`, async (t) => {
    const whole = (await searched({ algorithm })).found;
    for (const budgetTokens of [1, 30, 120, 400]) {
      const { found } = await searched({ algorithm, budgetTokens, numSolutions: 16 });
      for (const [i, { record, solution }] of found.entries()) {
        t.true(record.tokens <= budgetTokens, `${record.tokens} of ${budgetTokens}`);
        t.true((solution.tokenIds?.length ?? 0) <= budgetTokens && solution.steps.length > 0);
        const full = (whole[i] as (typeof whole)[number]).record;
        if (record.end !== "budget") t.deepEqual(record, full);
        else if (budgetTokens >= 120) t.deepEqual(record.solutions, full.solutions.slice(0, record.solutions.length));
      }
      t.true(found.some(({ record }) => record.end === "budget") || budgetTokens > 120);
    }
  });
}

for (const algorithm of algorithms) {
  test(`${algorithm}: what the reward model cannot read is left out and counted, and every problem has its answer`, async (t) => {
    const { policy } = await makeFakePolicy({ stopAtTexts: true, write });
    for (const contextLength of [20, 45]) {
      const { rewardModel } = await makeFakeRewardModel({ contextLength });
      const options = { policy, rewardModel, grader: new FakeGrader(), seed: 9, maxSteps: 12, algorithm };
      const found = await collect(searchStage(problems, options));
      t.is(found.length, problems.length);
      t.true(found.some(({ record }) => record.levels.some(({ unreadable }) => unreadable > 0)));
      for (const { solution, record } of found) {
        const place = { file: "search.jsonl", line: 1 };
        t.deepEqual(parseSearchRecord(JSON.parse(JSON.stringify(record)), place), record);
        t.deepEqual(parseSolution(JSON.parse(JSON.stringify(solution)), place), solution);
        if (record.solutions.length > 0) t.is(rewardModel.unfit(solution), undefined);
      }
      const isReadable = ({ record }: (typeof found)[number]) => record.solutions.length > 0;
      // A prompt takes 22 tokens with its tag: nothing fits behind it into 20, and short solutions fit into 45.
      t.is(found.some(isReadable), contextLength === 45);
    }
  });
}

test("best-of-n samples the very solutions of the rollout stage", async (t) => {
  const { found, policy } = await searched({ algorithm: "best-of-n", numSolutions: 3 });
  const options = { policy, numSolutions: 3, grader: new FakeGrader(), seed: 9, split: { kind: "newline" } } as const;
  const rolled = await collect(rolloutStage(problems, options));
  for (const { solution, record } of found) {
    const own = rolled.filter(({ problemId }) => problemId === record.problemId);
    t.deepEqual(
      record.solutions.map(({ finalAnswer }) => finalAnswer),
      own.map(({ finalAnswer }) => finalAnswer),
    );
    const chosen = own[record.chosen as number];
    t.deepEqual({ ...solution, index: record.chosen }, { ...chosen });
  }
});

test("prefixes of all problems under way are scored together", async (t) => {
  const { reward } = await searched({ algorithm: "beam" }, { maxBatch: 8, delayMs: () => 2 }, 8);
  const prefixesOfOne = 16;
  t.true(Math.max(...reward.calls.map(({ length }) => length)) > prefixesOfOne);
});

test("a step behind a prefix draws under the index of the prefix's last step, whole slots apart", async (t) => {
  const { native } = await searched({ algorithm: "dvts", beams: 6, width: 3 }, { maxBatch: 1 });
  const ofFirst = native.requests.slice(0, 2);
  t.deepEqual(
    ofFirst.map(({ stepIndices, solutionIndices, numCompletions }) =>
      [stepIndices, solutionIndices, numCompletions].map(([one]) => one),
    ),
    [
      [-1, 0, 3],
      [-1, 1, 3],
    ],
  );
  const keys = native.requests.flatMap(({ problemKey, solutionIndices, stepIndices, firstCompletions }) =>
    [...solutionIndices].map((slot, g) => `${problemKey} ${slot} ${stepIndices[g]} ${firstCompletions[g]}`),
  );
  t.is(new Set(keys).size, keys.length, "no two draw alike");
});

test("options that cannot be are refused before anything is sampled", async (t) => {
  const refused = (options: Partial<SearchStageOptions>, message: RegExp) =>
    t.throwsAsync(searched(options), { code: "ERPRM_INVALID_ARGUMENT", message });
  await refused({ beams: 10, width: 4 }, /beams to be a multiple of the width \(4\)/);
  await refused({ algorithm: "mcts" as never }, /algorithm to be one of beam, dvts, best-of-n/);
  await refused({ aggregate: "max" as never }, /aggregate/);
  await refused({ budgetTokens: 0 }, /budgetTokens/);
  await refused({ maxSteps: 0 }, /maxSteps/);
  await refused({ split: { kind: "auto" } }, /split to be newline, blank-line, step-number or tag:TEXT/);
  await refused({ algorithm: "best-of-n", numSolutions: 0 }, /numSolutions/);
});

test("an abort ends the stage with ERPRM_ABORTED and cancels what is in flight", async (t) => {
  const { policy, native } = await makeFakePolicy({ stopAtTexts: true, write, maxBatch: 2, delayMs: () => 20 });
  const { rewardModel } = await makeFakeRewardModel();
  const controller = new AbortController();
  const stage = searchStage(problems, { policy, rewardModel, grader: new FakeGrader(), signal: controller.signal });
  const aborted = until(() => native.inFlight > 0).then(() => controller.abort());
  await t.throwsAsync(collect(stage), { code: "ERPRM_ABORTED" });
  await aborted;
  t.true(native.cancelled.length > 0);
  t.is(native.inFlight, 0);
});

test("a failure comes at the place of its problem, after the results before it", async (t) => {
  const { policy } = await makeFakePolicy({ stopAtTexts: true, write, contextLength: 200, maxBatch: 4 });
  const { rewardModel } = await makeFakeRewardModel();
  const long = { id: "long", question: "x".repeat(300), answer: "4" };
  const given = [...problems.slice(0, 3), long, ...problems.slice(3)];
  const seen: string[] = [];
  const run = async () => {
    const stage = searchStage(given, { policy, rewardModel, grader: new FakeGrader(), beams: 4, width: 2 });
    for await (const { record } of stage) seen.push(record.problemId);
  };
  await t.throwsAsync(run(), { code: "ERPRM_INVALID_DATA", message: /prompt of problem "long"/ });
  t.deepEqual(seen, ["p0", "p1", "p2"]);
});
