import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Finetuning } from "../../../src/evaluation/finetuning.js";
import { type FinetuneRecord, finetuneStage } from "../../../src/stages/finetune.js";
import type { FinetunePart, FinetuneStageOptions } from "../../../src/stages/finetune-options.js";
import type { ScoreRecord, Solution } from "../../../src/types.js";
import { FakeModels, filesUnder } from "../../support/fake-finetuning.js";
import { makeFolder } from "../../support/folder.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";

const base = mkdtempSync(join(tmpdir(), "erprm-test-"));
const { config, ...rest } = parityModels.llama as RandomModel;
test.before(() => writeRandomModel(base, { ...rest, config: { ...config, max_position_embeddings: 1024 } }, 1));
test.after.always(() => rmSync(base, { recursive: true, force: true }));

const problem = (id: string, i: number) => ({ id: `${id}${i}`, question: `What is ${i} + ${4 - i}?`, answer: "4" });
const problems = Array.from({ length: 4 }, (_, i) => problem("p", i));
const heldOut = Array.from({ length: 3 }, (_, i) => problem("h", i + 10));

async function optionsFor(
  t: ExecutionContext,
  more: Partial<FinetuneStageOptions> = {},
): Promise<{ options: FinetuneStageOptions; models: FakeModels; directory: string }> {
  const models = new FakeModels(base);
  const directory = more.directory ?? join(makeFolder(t), "run");
  mkdirSync(directory, { recursive: true });
  const options: FinetuneStageOptions = {
    directory,
    policy: { name: "start", opened: await models.openPolicy("start") },
    openPolicy: models.openPolicy,
    trainer: models.trainer,
    rewardModel: { name: "fake", opened: await models.openRewardModel("fake") },
    selection: { rule: "top" },
    heldOut,
    numRounds: 2,
    numSolutions: 3,
    numDivergenceSolutions: 2,
    training: { learningRate: 0.01, tokensPerUpdate: 150, tokensPerBatch: 100 },
    ...more,
  };
  return { options, models, directory };
}

async function finetune(options: FinetuneStageOptions): Promise<{ records: FinetuneRecord[]; end: Finetuning }> {
  const records: FinetuneRecord[] = [];
  const stage = finetuneStage(problems, options);
  for (;;) {
    const next = await stage.next();
    if (next.done) return { records, end: next.value };
    records.push(next.value);
  }
}

function readLines<T>(...names: string[]): T[] {
  const lines = readFileSync(join(...names), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as T);
}

const key = ({ problemId, index }: { problemId: string; index: number }) => `${problemId} ${index}`;

test("every round trains on the solutions with the highest scores, and measures what came of it", async (t) => {
  const { options, directory, models } = await optionsFor(t);
  const { records, end } = await finetune(options);
  t.deepEqual(
    records.map((record) => (record.kind === "start" ? 0 : record.round.roundIndex)),
    [0, 1, 2],
  );
  t.is(models.loaded, 0);
  t.is(models.mostLoaded, 1, "one model at a time");
  for (const { roundIndex, rollout, training, policy } of end.rounds) {
    const folder = join(directory, `round-${roundIndex}`);
    const solutions = readLines<Solution>(folder, "solutions.jsonl");
    const scores = new Map(readLines<ScoreRecord>(folder, "scores.jsonl").map((one) => [key(one), one.scores.min]));
    const selected = readLines<Solution>(folder, "selected.jsonl");
    t.is(selected.length, 4);
    for (const { problemId, index } of selected) {
      const own = solutions.filter((one) => one.problemId === problemId).map((one) => scores.get(key(one)) as number);
      t.is(own.length, 3);
      t.is(own.indexOf(Math.max(...own)), index);
    }
    t.like(rollout, { problems: 4, solutions: 12, selected: 4, problemsUsed: 4, numCutOff: 0 });
    t.is(training.updates, readLines<{ kind: string }>(folder, "training.jsonl").length);
    t.is(training.learningRate, 0.01 * (roundIndex === 1 ? 1 : 1 / 2));
    const greedy = readLines<Solution>(folder, "greedy.jsonl");
    t.is(policy.n, 3);
    t.is(policy.accuracy.value, greedy.filter(({ outcome }) => outcome === 1).length / 3);
    t.is(readLines(folder, "sampled.jsonl").length, 6);
    t.true(existsSync(join(folder, "policy", "config.json")));
    t.false(existsSync(join(folder, "checkpoints")));
  }
  const [first, second] = end.rounds;
  t.notDeepEqual(first?.rollout, second?.rollout);
  t.deepEqual(end.start.divergence, { value: 0, low: 0, high: 0 });
  t.like(end, { selection: "top", aggregate: "min", numSolutions: 3, policyModel: { name: "start" } });
});

test("the divergence is that of the policy's own samples from the start, token by token", async (t) => {
  const { options, directory } = await optionsFor(t);
  const { end } = await finetune(options);
  for (const { roundIndex, policy } of end.rounds) {
    const records = readLines<{ numTokens: number; logProbability: number; startLogProbability: number }>(
      directory,
      `round-${roundIndex}`,
      "divergence.jsonl",
    );
    const sampled = readLines<Solution>(directory, `round-${roundIndex}`, "sampled.jsonl");
    t.deepEqual(
      records.map(({ numTokens }) => numTokens),
      sampled.map(({ tokenIds }) => tokenIds?.length ?? 0),
    );
    // The fake start gives every token -1, the trained one another number, the same for all.
    for (const record of records) t.is(record.startLogProbability, -record.numTokens);
    const perToken = (records[0]?.logProbability as number) / (records[0]?.numTokens as number);
    t.true(Math.abs((policy.divergence.value as number) - (perToken + 1)) < 1e-9);
  }
});

test("another policy is another training: round 2 begins with the policy of round 1", async (t) => {
  const [one, other] = [
    await optionsFor(t),
    await optionsFor(t, { training: { learningRate: 0.02, tokensPerUpdate: 150 } }),
  ];
  await finetune(one.options);
  await finetune(other.options);
  const [a, b] = [filesUnder(one.directory), filesUnder(other.directory)];
  t.is(a["round-1/solutions.jsonl"], b["round-1/solutions.jsonl"]);
  t.not(a["round-1/policy/model.safetensors"], b["round-1/policy/model.safetensors"]);
  t.not(a["round-2/solutions.jsonl"], b["round-2/solutions.jsonl"]);
});

const parts: FinetunePart[] = ["roll out", "score", "train", "evaluate", "sample", "compare"];

/** Ends the run in one part of one round, after some of its work: by the signal, or by an error as sudden as a kill. */
function ending(
  part: FinetunePart,
  round: number,
  after: number,
  how: "signal" | "kill",
): Partial<FinetuneStageOptions> {
  const controller = new AbortController();
  let current: { part: FinetunePart; round: number } | undefined;
  let count = 0;
  const work = () => {
    if (current?.part !== part || current.round !== round || count++ !== after) return;
    if (how === "kill") throw new Error("killed");
    controller.abort();
  };
  return {
    signal: controller.signal,
    progress: {
      begin: (begun, roundIndex) => {
        current = { part: begun, round: roundIndex };
      },
      advance: work,
      training: (roundIndex) => {
        current = { part: "train", round: roundIndex };
        return { record: work };
      },
    },
  };
}

for (const how of ["signal", "kill"] as const) {
  test(`a run that a ${how} ended in any part of a round goes on to the same bytes`, async (t) => {
    const whole = await optionsFor(t);
    const { end } = await finetune(whole.options);
    const expected = filesUnder(whole.directory);
    for (const part of parts) {
      for (const [round, after] of [
        [1, 0],
        [2, 2],
      ] as const) {
        const { options, directory, models } = await optionsFor(t, {
          ...ending(part, round, after, how),
          training: { ...whole.options.training, checkpointEvery: 2 },
        });
        await t.throwsAsync(
          finetune(options),
          how === "kill" ? { message: "killed" } : { code: "ERPRM_ABORTED" },
          part,
        );
        t.is(models.loaded, 0, `${part}: every model was freed`);
        const again = await optionsFor(t, { directory });
        t.deepEqual((await finetune(again.options)).end, end, part);
        t.deepEqual(filesUnder(directory), expected, part);
      }
    }
  });
}

test("a run that is complete loads no model and says the same again", async (t) => {
  const { options, directory } = await optionsFor(t);
  const first = await finetune(options);
  const again = await optionsFor(t, { directory });
  t.deepEqual(await finetune(again.options), first);
  t.is(again.models.mostLoaded, 0);
});

test("with keepPolicies last only the last policy stays, and a run goes on from it", async (t) => {
  const all = await optionsFor(t);
  await finetune(all.options);
  const { options, directory } = await optionsFor(t, { keepPolicies: "last", ...ending("sample", 2, 1, "kill") });
  await t.throwsAsync(finetune(options));
  t.true(existsSync(join(directory, "round-1", "policy")), "round 2 may still need it");
  const again = await optionsFor(t, { directory, keepPolicies: "last" });
  await finetune(again.options);
  t.false(existsSync(join(directory, "round-1", "policy")));
  const [kept, expected] = [filesUnder(directory), filesUnder(all.directory)];
  for (const name of Object.keys(kept)) t.is(kept[name], expected[name], name);
  t.true(existsSync(join(directory, "round-2", "policy", "model.safetensors")));
});

test("without a reward model all right solutions are trained on; wrong and cut-off ones never", async (t) => {
  const { options, directory } = await optionsFor(t, {
    selection: { rule: "correct" },
    rewardModel: undefined,
    numRounds: 1,
    numDivergenceSolutions: 0,
    sampling: { maxTokens: 28 },
  });
  const { end } = await finetune(options);
  const solutions = readLines<Solution>(directory, "round-1", "solutions.jsonl");
  const right = solutions.filter(({ outcome, finishReason }) => outcome === 1 && finishReason === "stop");
  t.true(right.length > 0);
  t.deepEqual(readLines<Solution>(directory, "round-1", "selected.jsonl"), right);
  t.false(existsSync(join(directory, "round-1", "scores.jsonl")));
  t.deepEqual(end.rounds[0]?.policy.divergence, { value: null, low: null, high: null });
  t.is(end.rewardModel, undefined);
});

test("a round in which nothing is selected ends the run and says why", async (t) => {
  const { options } = await optionsFor(t, { selection: { rule: "threshold", threshold: 0.9999999 } });
  await t.throwsAsync(finetune(options), {
    code: "ERPRM_INVALID_DATA",
    message: /at least one solution to train on in round 1, the selection threshold 0\.9999999 took none of 12 of 4/,
  });
  const cut = await optionsFor(t, { sampling: { maxTokens: 3 } });
  await t.throwsAsync(finetune(cut.options), { message: /12 cut off by the length limit/ });
  const unread = await optionsFor(t);
  unread.models.contextLength = 10;
  await t.throwsAsync(finetune(unread.options), { message: /12 that the reward model cannot read/ });
});

test("options that do not fit each other are refused before anything is computed", async (t) => {
  const refused: [Partial<FinetuneStageOptions>, RegExp][] = [
    [{ rewardModel: undefined }, /rewardModel .*for the selection top/],
    [{ selection: { rule: "correct" } }, /absent for the selection correct/],
    [{ numRounds: 0 }, /numRounds/],
    [{ numSolutions: 0 }, /numSolutions/],
    [{ heldOut: [] }, /problem to evaluate on/],
    [{ training: { learningRate: -1 } }, /learning rate/],
    [{ training: { learningRate: 1, roundDecay: "cubic" as never } }, /roundDecay/],
  ];
  for (const [more, message] of refused) {
    const { options, models } = await optionsFor(t, more);
    await t.throwsAsync(finetune(options), { message });
    t.is(models.mostLoaded, 0);
  }
});
