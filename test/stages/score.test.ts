import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { Policy } from "../../src/policy/policy.js";
import { stepEncoder } from "../../src/reward/encode-steps.js";
import { largestScore, smallestScore } from "../../src/reward/step-scores.js";
import { scoreStage } from "../../src/stages/score.js";
import { defaultStepRule } from "../../src/text/step-rule.js";
import { collect } from "../support/fake-policy.js";
import { byteConvention } from "../support/fake-reward-model.js";
import { makeFolder } from "../support/folder.js";
import { sameResult } from "../support/near.js";
import { runCli } from "../support/run-cli.js";
import { blockBytes, loadTiny, writeTinyModel } from "../support/tiny-engine.js";
import { writeScoringModel } from "../support/tiny-reward-model.js";
import { byteClassification, loadTinyRewardModel, tinySolutions, writeTinyConfig } from "../support/tiny-scoring.js";

test("a step's score is the softmax of the candidates' logits at its tag, as the policy's forward pass has them", async (t) => {
  const directory = await writeTinyModel(t);
  await writeTinyConfig(directory);
  const rewardModel = await loadTinyRewardModel(t, directory);
  const scores = await rewardModel.scoreSteps(tinySolutions);
  const policy = await loadTiny(t, directory);
  const encoder = stepEncoder(rewardModel.text, byteConvention, defaultStepRule);
  for (const [i, { question, steps }] of tinySolutions.entries()) {
    const { tokenIds, positions } = encoder.encode({ question, steps });
    const logits = await policy.logits(tokenIds, Int32Array.of(0, tokenIds.length));
    for (const [step, position] of positions.entries()) {
      t.is(tokenIds[position], 42);
      const [plus, minus] = [43, 45].map((id) => logits[position * 288 + id] as number) as [number, number];
      const expected = 1 / (1 + Math.exp(minus - plus));
      t.true(Math.abs((scores[i]?.[step] as number) - expected) < 1e-6, `solution ${i}, step ${step}`);
    }
  }
  const all = scores.flat();
  t.true(new Set(all).size > all.length / 2, "scores differ");
});

for (const dtype of ["f32", "int8"] as const) {
  test(`${dtype}: scores do not depend on threads, token budget, memory or neighbours`, async (t) => {
    const directory = await writeTinyModel(t);
    await writeTinyConfig(directory);
    const first = await loadTinyRewardModel(t, directory, { dtype });
    const expected = await collect(scoreStage(tinySolutions, { rewardModel: first }));
    sameResult(t, await collect(scoreStage(tinySolutions.slice(7), { rewardModel: first })), expected.slice(7));
    for (const tokenBudget of [1, 333]) {
      sameResult(t, await collect(scoreStage(tinySolutions, { rewardModel: first, tokenBudget })), expected);
    }
    const other = await loadTinyRewardModel(t, directory, { dtype, threads: 2, kvMemoryBytes: 8 * blockBytes });
    sameResult(t, await collect(scoreStage(tinySolutions, { rewardModel: other })), expected);
  });
}

test("value heads are scored by their outputs, and by the convention of their architecture", async (t) => {
  const directory = await writeScoringModel(t, "llama-token-classification");
  const ours = await loadTinyRewardModel(t, directory, { convention: byteClassification });
  const flipped = await loadTinyRewardModel(t, directory, { convention: { ...byteClassification, positiveClass: 0 } });
  const [one, other] = await Promise.all([ours, flipped].map((model) => model.scoreSteps(tinySolutions)));
  for (const [i, score] of (one as number[][]).flat().entries()) {
    t.true(score > smallestScore && score < largestScore);
    t.true(Math.abs(score + ((other as number[][]).flat()[i] as number) - 1) < 1e-6, "two classes share 1");
  }
  const found = await loadTinyRewardModel(t, directory);
  t.like(found.config.convention, { kind: "classification", tag: { text: "\n" }, layout: { apart: true } });
  t.is((await found.scoreSteps(tinySolutions)).length, tinySolutions.length);
});

test("a sigmoid head gives one score a step", async (t) => {
  const directory = await writeScoringModel(t, "mistral-sequence-classification");
  const rewardModel = await loadTinyRewardModel(t, directory, { convention: byteClassification });
  const scores = await rewardModel.scoreSteps(tinySolutions);
  t.deepEqual(
    scores.map(({ length }) => length),
    tinySolutions.map(({ steps }) => steps.length),
  );
  t.true(scores.flat().every((score) => score > 0 && score < 1));
});

test("a model that does not tell how it is scored needs a convention, which must fit its head", async (t) => {
  const plain = await writeTinyModel(t);
  await t.throwsAsync(loadTinyRewardModel(t, plain), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /Expected a convention for .* one of math-shepherd, er-prm, rlhflow, qwen2\.5-math-prm, trl, or the path/,
  });
  await t.throwsAsync(loadTinyRewardModel(t, plain, { convention: "math" }), { message: /received "math"/ });
  await t.throwsAsync(loadTinyRewardModel(t, plain, { convention: "trl" }), { message: /to have a value head/ });
  await t.throwsAsync(loadTinyRewardModel(t, plain, { convention: "nowhere/reward_model.json" }), {
    code: "ERPRM_NOT_FOUND",
  });
  await t.throwsAsync(loadTinyRewardModel(t, plain, { convention: "rlhflow" }), { message: /a chat template/ });
  const shepherd = await loadTinyRewardModel(t, plain, { convention: "math-shepherd" });
  t.is(shepherd.config.aggregate, "min");
  t.like(shepherd.config.convention, { layout: { afterTag: "\n" }, candidates: { positive: { tokenIds: [43] } } });
  const tagged = await loadTinyRewardModel(t, plain, { convention: "er-prm", stepTag: " #" });
  t.like(tagged.config.convention, { tag: { text: " #", tokenIds: [32, 35] } });
  const inTexts = await loadTinyRewardModel(t, plain, { convention: { tag: "*", positive: "+", negative: "-" } });
  t.like(inTexts.config.convention, {
    kind: "step-tag",
    tag: { tokenIds: [42] },
    candidates: byteConvention.candidates,
  });
  const headed = await writeScoringModel(t, "llama-token-classification");
  await t.throwsAsync(loadTinyRewardModel(t, headed, { convention: "er-prm" }), { message: /language model's output/ });
});

test("reward_model.json is read, checked against the tokenizer, and part of the fingerprint", async (t) => {
  const directory = await writeTinyModel(t);
  await writeTinyConfig(directory, { kind: "outcome", aggregate: "last" });
  const opened = await loadTinyRewardModel(t, directory);
  t.is(opened.kind, "outcome");
  t.is(opened.config.aggregate, "last");
  const file = join(directory, "reward_model.json");
  const elsewhere = join(makeFolder(t), "reward_model.json");
  writeFileSync(elsewhere, readFileSync(file, "utf8").replace('"outcome"', '"process"'));
  t.is((await loadTinyRewardModel(t, directory, { convention: elsewhere })).kind, "process");
  await t.throwsAsync(loadTinyRewardModel(t, directory, { stepTag: "#" }), { message: /left to .*reward_model\.json/ });
  await writeTinyConfig(directory, { convention: { ...byteConvention, tag: { text: "*", tokenIds: [44] } } as never });
  await t.throwsAsync(loadTinyRewardModel(t, directory), {
    code: "ERPRM_INVALID_DATA",
    message: /convention\.tag .* received 44 .*reward_model\.json/,
  });
  await writeTinyConfig(directory);
  t.not((await loadTinyRewardModel(t, directory)).fingerprint, opened.fingerprint);
});

test("a policy refuses a reward model with a value head, a reward model refuses what is too long", async (t) => {
  const headed = await writeScoringModel(t, "llama-token-classification");
  await t.throwsAsync(Policy.load(headed), { code: "ERPRM_INVALID_CHECKPOINT" });
  const directory = await writeTinyModel(t);
  await writeTinyConfig(directory);
  const rewardModel = await loadTinyRewardModel(t, directory, { contextLength: 64 });
  await t.throwsAsync(rewardModel.scoreSteps([{ question: "q", steps: ["x".repeat(80)] }]), {
    code: "ERPRM_INVALID_DATA",
    message: /solutions\[0\] to fit into the context of 64 tokens/,
  });
});

test("erprm score writes the library's scores, resumed or not", async (t) => {
  const directory = await writeTinyModel(t);
  await writeTinyConfig(directory);
  const lines = tinySolutions.map((one, i) => JSON.stringify({ ...one, outcome: i % 2 }));
  const folder = makeFolder(t, { "s.jsonl": lines.join("\n") });
  const args = (out: string, ...more: string[]) => [
    ...["score", "--reward-model", directory, "--solutions", join(folder, "s.jsonl"), "--out", join(folder, out)],
    ...["--threads", "1", "--json", ...more],
  ];
  const result = await runCli(args("a"));
  t.is(result.code, 0, result.stderr);
  const scores = readFileSync(join(folder, "a", "scores.jsonl"), "utf8");
  const rewardModel = await loadTinyRewardModel(t, directory);
  const expected = await collect(scoreStage(tinySolutions, { rewardModel }));
  t.is(scores, expected.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const { counts, byAggregate } = JSON.parse(result.stdout);
  t.deepEqual([counts.scored, counts.right, counts.wrong], [24, 12, 12]);
  t.is(byAggregate.min.n, 24);
  // What a kill leaves: some records, the last one torn.
  const killed = join(folder, "a", "scores.jsonl");
  const manifest = join(folder, "a", "manifest.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"status": "complete"', '"status": "unfinished"'));
  writeFileSync(killed, scores.slice(0, Math.floor(scores.length * 0.4)));
  t.is((await runCli(args("a", "--tokens-per-batch", "200"))).code, 0);
  sameResult(t, readFileSync(killed, "utf8"), scores);
});
