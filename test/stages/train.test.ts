/** erprm train with the real trainer on a small random model: what comes out opens, scores, and does not depend on kills. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openModel } from "../../src/model/open-model.js";
import { readSafetensors } from "../../src/model/safetensors.js";
import { loadNative } from "../../src/native/loader.js";
import { RewardModel } from "../../src/reward/reward-model.js";
import { heldOutProblems } from "../../src/training/held-out.js";
import { openTrainingBase } from "../../src/training/training-base.js";
import { adapterTensors, peftLora, writeAdapterDirectory } from "../support/adapter-directory.js";
import { writeGgufModel } from "../support/gguf-model.js";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { runCli, startCli } from "../support/run-cli.js";
import { trainingInputs } from "../support/training-inputs.js";
import { withOptions } from "../support/with-options.js";

const folder = mkdtempSync(join(tmpdir(), "erprm-test-"));
const path = (...names: string[]) => join(folder, ...names);
const { config, ...rest } = parityModels.llama as RandomModel;
const model: RandomModel = { ...rest, config: { ...config, max_position_embeddings: 1024 } };

test.before(async () => {
  await writeRandomModel(path("model"), model, 1);
  for (const [name, content] of Object.entries(trainingInputs(16))) writeFileSync(path(name), content);
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const inputs = {
  policy: ["--problems", path("problems.jsonl")],
  prm: ["--labels", path("labels.jsonl")],
  orm: ["--solutions", path("solutions.jsonl")],
};

function trainArgs(kind: keyof typeof inputs, out: string, ...more: string[]): string[] {
  const common = ["--out", path(out), "--held-out", "0.2", "--threads", "1", "--json"];
  return withOptions(["train", kind, "--model", path("model"), ...inputs[kind], ...common], more);
}

const readJson = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const records = (out: string) =>
  readFileSync(path(out, "training.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

async function values(file: string, name: string): Promise<Float32Array> {
  const tensor = (await readSafetensors(file)).find((one) => one.name === name);
  if (!tensor) throw new Error(`no ${name} in ${file}`);
  return loadNative().readTensor(file, tensor.type as "F32", tensor.offset, tensor.shape, 0);
}

const trainsRewardModel = test.macro(
  async (t, kind: "prm" | "orm", options: string[], expected: { loss: string; head: boolean }) => {
    const out = `${kind}${options.join("")}`;
    const often = ["--tokens-per-update", "400", "--epochs", "4", "--learning-rate", "3e-4"];
    const { code, stdout, stderr } = await runCli(trainArgs(kind, out, ...often, ...options));
    t.is(code, 0, stderr);
    const { counts } = JSON.parse(stdout);
    const made = records(out).filter(({ kind: what }) => what === "update");
    t.is(made.length, counts.updates);
    const losses = made.map(({ loss }) => loss as number);
    const mean = (some: number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    t.true(mean(losses.slice(-5)) < mean(losses.slice(0, 5)), losses.join(" "));

    const { checkpoint } = await openModel(path(out));
    t.is(checkpoint.valueHead.length, expected.head ? 1 : 0);
    const [architecture] = readJson(out, "config.json").architectures;
    t.is(architecture, expected.head ? "LlamaForTokenClassification" : "LlamaForCausalLM");
    const { training, kind: scored } = readJson(out, "reward_model.json");
    t.is(scored, kind === "prm" ? "process" : "outcome");
    t.is(training.loss, expected.loss);

    // The last evaluation of the training and the reward model that was saved give the same scores.
    await using rewardModel = await RewardModel.load(path(out), { threads: 1 });
    const labels = readFileSync(path("labels.jsonl"), "utf8").trimEnd().split("\n");
    const all = labels.map((line) => JSON.parse(line));
    const heldOut = new Set(heldOutOf(out, all));
    const solutions = all.filter(({ problemId }) => heldOut.has(problemId));
    const scores = await rewardModel.scoreSteps(
      solutions.map(({ question, steps }) => ({ question, steps: steps.map((step: { text: string }) => step.text) })),
    );
    let sum = 0;
    let n = 0;
    for (const [i, { steps }] of solutions.entries()) {
      for (const [step, { numCompletions, numCorrect }] of steps.entries()) {
        if (kind === "orm" && step < steps.length - 1) continue;
        const rate = numCorrect / numCompletions;
        const score = scores[i]?.[step] as number;
        sum += rate * (1 - score) ** 2 + (1 - rate) * score ** 2;
        n += 1;
      }
    }
    t.is(n, counts.n);
    t.true(Math.abs(sum / n - counts.brierScore) < 1e-6, `${sum / n} ${counts.brierScore}`);
  },
);

/** The problems that the run's seed and share hold out. */
function heldOutOf(out: string, all: { problemId: string }[]): string[] {
  const { seed, options } = readJson(out, "manifest.json");
  const ids = [...new Set(all.map(({ problemId }) => problemId))];
  return [...heldOutProblems(ids, { seed, share: options.heldOut })];
}

test.serial("a process reward model at the step tag", trainsRewardModel, "prm", [], { loss: "two-way", head: false });
test.serial(
  "a process reward model with a value head",
  trainsRewardModel,
  "prm",
  ["--loss", "binary", "--target", "soft"],
  {
    loss: "binary",
    head: true,
  },
);
test(
  "a process reward model by least squares, as adapters",
  trainsRewardModel,
  "prm",
  ["--loss", "squared", "--lora-rank", "4"],
  {
    loss: "squared",
    head: true,
  },
);
test.serial("an outcome reward model", trainsRewardModel, "orm", [], { loss: "two-way", head: false });

test.serial("an adapter names its base as the user did, not where it lies on this machine", async (t) => {
  const args = trainArgs("policy", "builtin", "--model", "builtin:tiny", "--lora-rank", "1", "--max-updates", "1");
  const { code, stderr } = await runCli(args);
  t.is(code, 0, stderr);
  t.is(readJson("builtin", "adapter", "adapter_config.json").base_model_name_or_path, "builtin:tiny");
});

test.serial("a policy, and the adapter of one: the saved weights are the base with the adapter added in", async (t) => {
  const options = ["--lora-rank", "2", "--lora-alpha", "6", "--lora-targets", "q_proj,down_proj"];
  const { code, stdout, stderr } = await runCli(trainArgs("policy", "adapter", ...options));
  t.is(code, 0, stderr);
  const { counts } = JSON.parse(stdout);
  t.true(counts.heldOutLoss < counts.heldOutLossBefore);
  t.deepEqual(readdirSync(path("adapter", "adapter")).sort(), ["adapter_config.json", "adapter_model.safetensors"]);
  const { r, lora_alpha, target_modules } = readJson("adapter", "adapter", "adapter_config.json");
  t.deepEqual({ r, lora_alpha, target_modules }, { r: 2, lora_alpha: 6, target_modules: ["q_proj", "down_proj"] });

  const layer = "model.layers.1.mlp.down_proj";
  const file = path("adapter", "adapter", "adapter_model.safetensors");
  const a = await values(file, `base_model.model.${layer}.lora_A.weight`);
  const b = await values(file, `base_model.model.${layer}.lora_B.weight`);
  const before = await values(path("model", "model.safetensors"), `${layer}.weight`);
  const after = await values(path("adapter", "model.safetensors"), `${layer}.weight`);
  const inputsOf = a.length / 2;
  let largest = 0;
  for (const [i, value] of after.entries()) {
    const [row, column] = [Math.floor(i / inputsOf), i % inputsOf];
    const product = [0, 1].reduce((s, k) => s + (b[2 * row + k] as number) * (a[k * inputsOf + column] as number), 0);
    largest = Math.max(largest, Math.abs(value - (before[i] as number) - 3 * product));
  }
  t.true(largest < 1e-6, String(largest));
  const untouched = "model.layers.1.self_attn.k_proj.weight";
  t.deepEqual(
    await values(path("adapter", "model.safetensors"), untouched),
    await values(path("model", "model.safetensors"), untouched),
  );
});

/** A rate at which weights that are no zeros stay as they are, to the bit. */
const still = ["--learning-rate", "1e-30", "--max-updates", "1"];
const adapterFiles = ["model.safetensors", "adapter/adapter_model.safetensors"];

test.serial(
  "training goes on from an adapter where the training that made it ended, a value head with it",
  async (t) => {
    for (const [kind, options] of [
      ["policy", []],
      ["prm", ["--loss", "binary"]],
    ] as const) {
      const [first, next] = [`${kind}-adapter`, `${kind}-next`];
      const lora = ["--lora-rank", "3", "--lora-alpha", "5", "--lora-targets", "v_proj,gate_proj"];
      const made = await runCli(trainArgs(kind, first, ...options, ...lora, "--max-updates", "4"));
      t.is(made.code, 0, made.stderr);
      const adapter = ["--adapter", path(first, "adapter")];
      const { code, stdout, stderr } = await runCli(trainArgs(kind, next, ...options, ...adapter, ...still));
      t.is(code, 0, stderr);
      t.is(JSON.parse(stdout).counts.heldOutLossBefore, JSON.parse(made.stdout).counts.heldOutLoss);
      for (const name of adapterFiles)
        t.deepEqual(readFileSync(path(next, name)), readFileSync(path(first, name)), name);
      t.deepEqual(readJson(next, "adapter", "adapter_config.json"), readJson(first, "adapter", "adapter_config.json"));
    }
  },
);

test.serial("an adapter that PEFT wrote is merged as PEFT merges it, whatever type it is stored in", async (t) => {
  const base = await openTrainingBase(path("model"));
  const layer = "model.layers.1.mlp.down_proj";
  const before = await values(path("model", "model.safetensors"), `${layer}.weight`);
  for (const type of ["F32", "BF16", "F16"] as const) {
    const tensors = adapterTensors(base, { type });
    writeAdapterDirectory(path(`peft-${type}`), tensors, { config: { use_rslora: true } });
    const out = `from-${type}`;
    const { code, stderr } = await runCli(trainArgs("policy", out, "--adapter", path(`peft-${type}`), ...still));
    t.is(code, 0, stderr);
    const file = path(`peft-${type}`, "adapter_model.safetensors");
    const a = await values(file, `base_model.model.${layer}.lora_A.weight`);
    const b = await values(file, `base_model.model.${layer}.lora_B.weight`);
    const after = await values(path(out, "model.safetensors"), `${layer}.weight`);
    const [rank, scale] = [peftLora.rank, peftLora.alpha / Math.sqrt(peftLora.rank)];
    const inputsOf = a.length / rank;
    let [furthest, moved] = [0, 0];
    for (const [i, value] of after.entries()) {
      const [row, column] = [Math.floor(i / inputsOf), i % inputsOf];
      let product = 0;
      for (let k = 0; k < rank; k += 1) {
        product += (b[rank * row + k] as number) * (a[k * inputsOf + column] as number);
      }
      furthest = Math.max(furthest, Math.abs(value - (before[i] as number) - scale * product));
      moved = Math.max(moved, Math.abs(scale * product));
    }
    t.true(furthest < 1e-6 && moved > 1e-3, `${type}: ${furthest} of ${moved}`);
  }
});

test.serial("an adapter for another base is exit 2, another adapter in a run that was begun is exit 4", async (t) => {
  const made = ["--lora-rank", "2", "--max-updates", "1"];
  t.is((await runCli(trainArgs("policy", "one", ...made))).code, 0);
  t.is((await runCli(trainArgs("policy", "other", ...made, "--seed", "1"))).code, 0);
  await writeRandomModel(path("stranger"), model, 3);
  const on = ["--adapter", path("one", "adapter")];
  const refused = await runCli(trainArgs("policy", "refused", ...on, "--model", path("stranger")));
  t.is(refused.code, 2);
  t.regex(
    refused.stderr,
    /Expected an adapter for .*stranger \(fingerprint .*found one for another base model, .*model \(/,
  );
  t.false(existsSync(path("refused")));

  t.is((await runCli(trainArgs("policy", "going", ...on, ...still))).code, 0);
  t.regex((await runCli(trainArgs("policy", "going", ...on, ...still))).stdout, /"alreadyComplete":true/);
  const conflict = await runCli(trainArgs("policy", "going", "--adapter", path("other", "adapter"), ...still));
  t.is(conflict.code, 4);
  t.regex(conflict.stderr, /input adapterWeights was [0-9a-f]{12} and is now/);
});

test.serial("a training from an adapter that was killed ends with the same bytes", async (t) => {
  t.is((await runCli(trainArgs("policy", "seed-adapter", "--lora-rank", "2", "--max-updates", "3"))).code, 0);
  const options = ["--adapter", path("seed-adapter", "adapter"), "--epochs", "6", "--tokens-per-update", "200"];
  t.is((await runCli(trainArgs("policy", "on-whole", ...options))).code, 0);
  t.is(readJson("on-whole", "manifest.json").options.schedule.peak, 9e-4, "the rate of adapters, new or not");
  const running = startCli(trainArgs("policy", "on-killed", ...options, "--checkpoint-every", "2"));
  const timer = setInterval(() => {
    const checkpoints = path("on-killed", "checkpoints");
    if (existsSync(checkpoints) && readdirSync(checkpoints).includes("update-4")) running.kill("SIGKILL");
  }, 2);
  const { code } = await running.result;
  clearInterval(timer);
  t.is(code, null, "it was killed before it ended");
  const { code: resumed, stderr } = await runCli(trainArgs("policy", "on-killed", ...options));
  t.is(resumed, 0, stderr);
  for (const name of ["training.jsonl", ...adapterFiles]) {
    t.deepEqual(readFileSync(path("on-killed", name)), readFileSync(path("on-whole", name)), name);
  }
});

test.serial("a training from nothing learns, whatever the weights it was not to look at", async (t) => {
  const { code, stdout, stderr } = await runCli(
    trainArgs("policy", "scratch", "--init", "random", "--epochs", "4", "--tokens-per-update", "100"),
  );
  t.is(code, 0, stderr);
  const { counts } = JSON.parse(stdout);
  t.true(Math.abs(counts.heldOutLossBefore - Math.log(288)) < 0.3, "as good as guessing before");
  t.true(counts.heldOutLoss < counts.heldOutLossBefore - 1);
  await writeRandomModel(path("twin"), model, 2);
  rmSync(path("twin", "model.safetensors"));
  const more = ["--init", "random", "--epochs", "4", "--tokens-per-update", "100", "--model", path("twin")];
  t.is((await runCli(trainArgs("policy", "scratch-twin", ...more))).code, 0);
  t.is(
    readFileSync(path("scratch", "training.jsonl"), "utf8"),
    readFileSync(path("scratch-twin", "training.jsonl"), "utf8"),
  );
});

test.serial("a training killed at random moments ends with the same bytes, whatever the threads", async (t) => {
  const options = ["--loss", "binary", "--lora-rank", "2", "--epochs", "4"];
  t.is((await runCli(trainArgs("prm", "whole", ...options))).code, 0);
  let kills = 0;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const args = trainArgs(
      "prm",
      "killed",
      ...options,
      "--checkpoint-every",
      "2",
      "--threads",
      String(1 + (attempt % 2)),
    );
    const running = startCli(args);
    const folderOf = path("killed", "checkpoints");
    const count = () => (existsSync(folderOf) ? readdirSync(folderOf).join() : "");
    const before = count();
    const timer = setInterval(() => {
      if (count() !== before) setTimeout(() => running.kill("SIGKILL"), 30 * attempt);
    }, 5);
    const { code } = await running.result;
    clearInterval(timer);
    if (code === null) kills += 1;
  }
  t.true(kills >= 3, `${kills} kills`);
  const last = await runCli(trainArgs("prm", "killed", ...options));
  t.is(last.code, 0, last.stderr);
  for (const name of ["training.jsonl", "model.safetensors", "adapter/adapter_model.safetensors"]) {
    t.deepEqual(readFileSync(path("killed", name)), readFileSync(path("whole", name)), name);
  }
});

test.serial("weights are stored in half the bytes on request", async (t) => {
  for (const type of ["bf16", "f16"] as const) {
    const { code, stderr } = await runCli(trainArgs("policy", type, "--save-dtype", type, "--max-updates", "1"));
    t.is(code, 0, stderr);
    const stored = await readSafetensors(path(type, "model.safetensors"));
    t.true(stored.every((tensor) => tensor.type === type.toUpperCase()));
    t.is(readJson(type, "config.json").torch_dtype, type === "bf16" ? "bfloat16" : "float16");
    await t.notThrowsAsync(openModel(path(type)));
  }
});

test.serial(
  "what is trained from a .gguf file is a Hugging Face directory with the same network and tokens",
  async (t) => {
    await writeGgufModel(path("model.gguf"), model, 1);
    const first = await runCli(trainArgs("policy", "gguf", "--max-updates", "2", "--model", path("model.gguf")));
    t.is(first.code, 0, first.stderr);
    const [before, after] = [await openTrainingBase(path("model.gguf")), await openTrainingBase(path("gguf"))];
    t.deepEqual(after.opened.checkpoint.config, before.opened.checkpoint.config);
    t.deepEqual(after.text.stopTokenIds, before.text.stopTokenIds);
    const text = "What is 1 + 2?\nIt is 3.";
    t.deepEqual(after.text.encodePrompt(text), before.text.encodePrompt(text));
    const second = await runCli(trainArgs("policy", "gguf-on", "--max-updates", "1", "--model", path("gguf")));
    t.is(second.code, 0, second.stderr);
    const [end, begin] = [
      JSON.parse(first.stdout).counts.heldOutLoss,
      JSON.parse(second.stdout).counts.heldOutLossBefore,
    ];
    t.true(Math.abs(end - begin) < 1e-5, `${end} ${begin}`);
  },
);

test.serial("what was trained is trained on: a policy becomes a reward model, a reward model goes on", async (t) => {
  t.is((await runCli(trainArgs("policy", "first", "--max-updates", "2"))).code, 0);
  const second = await runCli(trainArgs("prm", "second", "--loss", "binary", "--model", path("first")));
  t.is(second.code, 0, second.stderr);
  const third = await runCli(trainArgs("prm", "third", "--loss", "binary", "--model", path("second")));
  t.is(third.code, 0, third.stderr);
  t.deepEqual(readJson("third", "config.json"), readJson("second", "config.json"));
  const [end, begin] = [
    JSON.parse(second.stdout).counts.heldOutLoss,
    JSON.parse(third.stdout).counts.heldOutLossBefore,
  ];
  t.true(Math.abs(end - begin) < 1e-6, "it begins where the other ended");
  const refused = await runCli(trainArgs("prm", "refused", "--model", path("second")));
  t.is(refused.code, 2);
  t.regex(refused.stderr, /Expected a language model for the two-way loss, found a value head/);
  t.false(existsSync(path("refused")));
});
