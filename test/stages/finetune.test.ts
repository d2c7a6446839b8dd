/** erprm finetune with real models: what it writes, what it measures, and that nothing depends on kills. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Finetuning } from "../../src/evaluation/finetuning.js";
import { Policy } from "../../src/policy/policy.js";
import { generateProblems } from "../../src/problems/generate.js";
import { rolloutStage } from "../../src/stages/rollout.js";
import { filesUnder } from "../support/fake-finetuning.js";
import { collect } from "../support/fake-policy.js";
import { byteConvention } from "../support/fake-reward-model.js";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { runCli, startCli } from "../support/run-cli.js";
import { withOptions } from "../support/with-options.js";

const folder = mkdtempSync(join(tmpdir(), "erprm-test-"));
const path = (...names: string[]) => join(folder, ...names);
const { config, ...rest } = parityModels.llama as RandomModel;

test.before(async () => {
  const model: RandomModel = { ...rest, config: { ...config, max_position_embeddings: 1024 } };
  await writeRandomModel(path("prm"), model, 3);
  // The policy multiplies with `*`, which must not be the tag.
  const convention = { ...byteConvention, tag: { text: "~", tokenIds: [126] } };
  const rewardModel = { version: 1, kind: "process", convention, aggregate: "min" };
  writeFileSync(path("prm", "reward_model.json"), JSON.stringify(rewardModel));
  const lines = [...generateProblems({ split: "train", num: 8 })].map((problem) => JSON.stringify(problem));
  writeFileSync(path("problems.jsonl"), lines.slice(0, 6).join("\n"));
  writeFileSync(path("held-out.jsonl"), lines.slice(4).join("\n"));
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

function args(out: string, ...more: string[]): string[] {
  const data = ["--problems", path("problems.jsonl"), "--held-out-problems", path("held-out.jsonl")];
  const models = ["--policy", "builtin:tiny", ...(more.includes("correct") ? [] : ["--reward-model", path("prm")])];
  const small = ["--num-rounds", "2", "--num-solutions", "3", "--max-tokens", "120", "--divergence-solutions", "2"];
  const training = ["--epochs", "1", "--tokens-per-update", "100", "--threads", "1", "--json"];
  return withOptions(["finetune", ...models, ...data, ...small, ...training, "--out", path(out)], more);
}

const weights = (name: string) => !name.endsWith("manifest.json") && !name.startsWith("lock");
const results = (out: string) =>
  Object.fromEntries(Object.entries(filesUnder(path(out))).filter(([name]) => weights(name)));

test.serial("two rounds of a real policy: what is written, and the summary", async (t) => {
  const { code, stdout, stderr } = await runCli(args("whole"));
  t.is(code, 0, stderr);
  t.regex(stderr, /2 problems ask what held-out ones ask and are not trained on/);
  t.regex(stderr, /round 1: greedy accuracy .* on 4 held-out problems; trained on \d solutions of \d of 4 problems/);
  const { counts, finetuning } = JSON.parse(stdout.trimEnd().split("\n").at(-1) as string);
  t.like(counts, { rounds: 2, problems: 4, heldOutProblems: 4, sharedProblems: 2, solutions: 24 });
  const stored = JSON.parse(readFileSync(path("whole", "finetune.json"), "utf8")) as Finetuning;
  t.deepEqual(finetuning, stored);
  t.like(stored, { version: 1, selection: "top", aggregate: "min", numRounds: 2, numSolutions: 3 });
  for (const { policy, training, rollout } of stored.rounds) {
    t.true(training.updates > 0);
    t.true(rollout.solutions === 12 && rollout.selected > 0);
    t.true(Number.isFinite(policy.divergence.value));
  }
  t.not(stored.rounds[1]?.policy.divergence.value, 0);
  const again = await runCli(args("whole"));
  t.is(again.code, 0);
  t.regex(again.stdout, /"alreadyComplete":true/);
});

test.serial("the accuracy is that of greedy solutions of the held-out problems", async (t) => {
  const stored = JSON.parse(readFileSync(path("whole", "finetune.json"), "utf8")) as Finetuning;
  const heldOut = readFileSync(path("held-out.jsonl"), "utf8")
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const [folderName, name, measures] of [
    ["start", "builtin:tiny", stored.start],
    ["round-2", path("whole", "round-2", "policy"), stored.rounds[1]?.policy],
  ] as const) {
    await using policy = await Policy.load(name, { threads: 1 });
    const sampling = { temperature: 0, maxTokens: 120 };
    const greedy = await collect(rolloutStage(heldOut, { policy, numSolutions: 1, sampling }));
    const lines = greedy.map((solution) => `${JSON.stringify(solution)}\n`).join("");
    t.is(readFileSync(path("whole", folderName, "greedy.jsonl"), "utf8"), lines);
    t.is(measures?.accuracy.value, greedy.filter(({ outcome }) => outcome === 1).length / 4);
  }
});

test.serial("the divergence in finetune.json is the library's, from the policies that were saved", async (t) => {
  const { rounds } = JSON.parse(readFileSync(path("whole", "finetune.json"), "utf8")) as Finetuning;
  const read = (name: string) =>
    readFileSync(path("whole", "round-2", name), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  const sampled = read("sampled.jsonl");
  t.is(sampled.length, 8);
  const sums: number[] = [];
  for (const name of [path("whole", "round-2", "policy"), "builtin:tiny"]) {
    await using policy = await Policy.load(name, { threads: 1 });
    let sum = 0;
    for (const { question, tokenIds } of sampled) {
      const prompt = policy.text.encodePrompt(policy.text.renderPrompt({ question }));
      const values = Int32Array.from([...prompt, ...tokenIds]);
      const all = await policy.logProbabilities({ values, offsets: Int32Array.of(0, values.length) });
      sum += all.subarray(prompt.length).reduce((total, value) => total + value, 0);
    }
    sums.push(sum);
  }
  const tokens = sampled.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  const [own = 0, start = 0] = sums;
  const divergence = rounds[1]?.policy.divergence.value as number;
  t.true(Math.abs((own - start) / tokens - divergence) < 1e-5, `${(own - start) / tokens} ${divergence}`);
  // The engine told the same when it sampled them.
  const told = sampled.reduce((sum, { logProbability }) => sum + logProbability, 0);
  t.true(Math.abs(told - own) < 1e-2 * Math.abs(own), `${told} ${own}`);
});

test.serial("a run that was killed within its rounds ends with the same bytes, whatever the threads", async (t) => {
  const expected = results("whole");
  const moments = ["round-1/solutions.jsonl", "round-1/checkpoints/update-2", "round-1/greedy.jsonl", "round-2/policy"];
  let kills = 0;
  for (const moment of moments) {
    const running = startCli(args("killed", "--checkpoint-every", "1", "--threads", "2"));
    const timer = setInterval(() => {
      if (existsSync(path("killed", moment))) running.kill("SIGKILL");
    }, 2);
    const { code } = await running.result;
    clearInterval(timer);
    kills += Number(code === null);
  }
  t.true(kills >= 3, `${kills} kills`);
  const { code, stderr } = await runCli(args("killed"));
  t.is(code, 0, stderr);
  const found = results("killed");
  t.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const name of Object.keys(expected)) t.is(found[name], expected[name], name);
});

test.serial("other options are another run, exit 4; those that change no result are not", async (t) => {
  for (const other of [
    ["--seed", "1"],
    ["--num-rounds", "3"],
    ["--aggregate", "mean"],
    ["--learning-rate", "0.5"],
  ]) {
    const { code, stderr } = await runCli(args("whole", ...other));
    t.is(code, 4, `${other}: ${stderr}`);
  }
  const same = await runCli(args("whole", "--threads", "2", "--keep-policies", "last", "--batch-size", "3"));
  t.is(same.code, 0, same.stderr);
  const inside = ["--policy", path("whole", "round-2", "policy"), "--force"];
  const { code, stderr } = await runCli(args("whole", ...inside));
  t.is(code, 4);
  t.regex(stderr, /Expected --policy to lie outside the run directory/);
  t.true(existsSync(path("whole", "round-2", "policy", "config.json")));
});

test.serial("an adapter is trained each round and added in; only right solutions, one policy kept", async (t) => {
  const options = ["--selection", "correct", "--lora-rank", "2", "--keep-policies", "last", "--num-solutions", "6"];
  const { code, stderr } = await runCli(args("adapter", ...options));
  t.is(code, 0, stderr);
  t.false(existsSync(path("adapter", "round-1", "policy")));
  t.true(existsSync(path("adapter", "round-2", "policy", "adapter", "adapter_model.safetensors")));
  const { rounds, rewardModel } = JSON.parse(readFileSync(path("adapter", "finetune.json"), "utf8")) as Finetuning;
  t.is(rewardModel, undefined);
  for (const { rollout } of rounds) t.is(rollout.selectedAccuracy, 1);
  await using policy = await Policy.load(path("adapter", "round-2", "policy"), { threads: 1 });
  t.is(policy.contextLength > 0, true);
});

test.serial("what does not fit together is exit 2, before anything is made", async (t) => {
  const base = ["finetune", "--policy", "builtin:tiny", "--problems", path("problems.jsonl"), "--out", path("bad")];
  const reward = ["--reward-model", path("prm")];
  const bad: [string[], RegExp][] = [
    [base, /Expected --reward-model to be given: --selection top goes by its scores/],
    [[...base, "--selection", "correct", ...reward], /no --reward-model with --selection correct/],
    [
      [...base, ...reward, "--selection", "threshold"],
      /--threshold to be given with --selection threshold: a score from 0 to 1$/m,
    ],
    [[...base, ...reward, "--threshold", "0.5"], /no --threshold without --selection threshold/],
    [[...base, ...reward, "--lora-alpha", "3"], /no --lora-alpha without --lora-rank/],
    [[...base, ...reward, "--held-out", "0.2", "--held-out-problems", path("held-out.jsonl")], /no --held-out with/],
    [[...base, ...reward, "--held-out-problems", path("problems.jsonl")], /all 6 ask what held-out problems ask/],
    [[...base, "--reward-model", path("nowhere")], /nowhere/],
    [[...base, ...reward, "--num-rounds", "0"], /--num-rounds/],
    [
      withOptions(base, ["--policy", path("prm"), "--selection", "correct", "--problems", path("none.jsonl")]),
      /none\.jsonl/,
    ],
  ];
  for (const [words, message] of bad) {
    const { code, stderr } = await runCli(words);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
    t.false(existsSync(path("bad")), words.join(" "));
  }
});
