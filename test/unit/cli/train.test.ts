import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeInputs, trainProgram as program } from "../../support/fake-train-run.js";
import { writeGgufModel } from "../../support/gguf-model.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";
import { runCli, startCli } from "../../support/run-cli.js";
import { trainingInputs } from "../../support/training-inputs.js";
import { until } from "../../support/until.js";

test.serial(
  "a training that was killed at any moment and resumed has the bytes of one that was not, and leaves no checkpoints",
  async (t) => {
    const { path, args, run, files } = await makeInputs(t);
    const whole = await run("whole");
    t.is(whole.code, 0, whole.stderr);
    const expected = files("whole");
    t.false(expected.includes(undefined));
    let kills = 0;
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const running = startCli(args("killed", "--checkpoint-every", String(1 + (attempt % 3))), {
        program,
        env: { FAKE_DELAY_MS: "50" },
      });
      await Promise.race([running.says("loaded"), running.result]);
      const timer = setTimeout(() => running.kill("SIGKILL"), 100 + ((attempt * 97) % 400));
      const { code } = await running.result;
      clearTimeout(timer);
      if (code === null) kills += 1;
    }
    t.true(kills >= 3, `${kills} kills`);
    t.is((await run("killed")).code, 0);
    t.deepEqual(files("killed"), expected);
    const names = (out: string) => readdirSync(path(out)).sort();
    t.deepEqual(names("killed"), names("whole"));
    t.false(names("killed").includes("checkpoints"));
  },
);

test.serial(
  "an interrupted training exits with 130, keeps a checkpoint of what was done, and goes on from there",
  async (t) => {
    const { path, args, run, files } = await makeInputs(t);
    await run("whole");
    const running = startCli(args("stopped"), { program, env: { FAKE_DELAY_MS: "40" } });
    const log = join(path("stopped"), "training.jsonl");
    await until(() => existsSync(log) && /"updateIndex":2\b/.test(readFileSync(log, "utf8")));
    running.kill("SIGINT");
    const { code, stderr } = await running.result;
    t.is(code, 130, stderr);
    const [checkpoint = ""] = readdirSync(join(path("stopped"), "checkpoints"));
    t.regex(checkpoint, /^update-\d+$/);
    t.deepEqual(readdirSync(join(path("stopped"), "checkpoints", checkpoint)).sort(), [
      "state.json",
      "tensors.safetensors",
    ]);
    t.is((await run("stopped")).code, 0);
    t.deepEqual(files("stopped"), files("whole"));
  },
);

test.serial("a finished training is not done again, and says the same", async (t) => {
  const { run } = await makeInputs(t);
  const first = JSON.parse((await run("run", ["--json"])).stdout) as Record<string, unknown>;
  const free = ["--threads", "1", "--checkpoint-every", "3", "--spike-factor", "0", "--gradient-checkpointing"];
  const again = await run("run", ["--json", ...free, "--max-faults", "0.5"]);
  t.is(again.code, 0, again.stderr);
  t.deepEqual(JSON.parse(again.stdout), { ...first, alreadyComplete: true });
  t.notRegex(again.stderr, /loaded/);
});

test.serial("options that change numbers make another training: exit 4, naming them", async (t) => {
  const { run } = await makeInputs(t);
  t.is((await run("run")).code, 0);
  for (const other of [
    ["--seed", "1"],
    ["--target", "soft"],
    ["--loss", "squared"],
    ["--epochs", "2"],
    ["--learning-rate", "0.5"],
    ["--step-tag", "\n\n"],
    ["--weight-by", "completions"],
    ["--tokens-per-batch", "100"],
    ["--save-dtype", "bf16"],
    ["--limit", "30"],
    ["--system", "Be brief."],
  ]) {
    const { code, stderr } = await run("run", other);
    t.is(code, 4, `${other.join(" ")}: ${stderr}`);
  }
  t.is((await run("run", ["--seed", "1", "--force"])).code, 0);
});

test.serial("the summary tells measures with n and interval, and --json the same numbers", async (t) => {
  const { run } = await makeInputs(t);
  const { stdout } = await run("text");
  t.regex(stdout, /^train prm {9}\d+ updates in .*text$/m);
  t.regex(stdout, /^trained on {8}48 solutions of 16 problems, 96 steps in the loss$/m);
  t.regex(stdout, /^held-out loss {5}\d\.\d{4}, \d\.\d{4} before training \(12 solutions of 4 problems\)$/m);
  t.regex(stdout, /^Brier score {7}\d\.\d{4} \(95 % interval \d\.\d{4} to \d\.\d{4}, n = 24\)$/m);
  t.regex(stdout, /^peak memory {7}\d+ MiB$/m);
  const { counts, timings, tokensPerSecond } = JSON.parse((await run("json", ["--json"])).stdout);
  t.is(counts.n, 24);
  t.true(counts.brierScoreLow <= counts.brierScore && counts.brierScore <= counts.brierScoreHigh);
  t.true(counts.peakMemoryBytes > 1e7);
  t.true(tokensPerSecond > 0 && timings.train > 0);
});

test.serial("early stopping saves the weights of the best evaluation and says so", async (t) => {
  const { path, run } = await makeInputs(t);
  const more = ["--epochs", "60", "--learning-rate", "2", "--early-stopping", "2", "--evaluate-every", "2"];
  const { code, stdout, stderr } = await run("run", [...more, "--spike-factor", "0"]);
  t.is(code, 0, stderr);
  const [, updates, made] = /(\d+) updates, the best of (\d+) \(stopped early\)/.exec(stdout) as RegExpExecArray;
  t.is(Number(made), Number(updates) + 4);
  const config = JSON.parse(readFileSync(join(path("run"), "reward_model.json"), "utf8"));
  t.is(config.training.updates, Number(updates));
});

test.serial("a torn checkpoint is passed over, one of another run is refused", async (t) => {
  const { path, args, run, files } = await makeInputs(t);
  await run("whole");
  const stopped = async (out: string, ...more: string[]) => {
    const running = startCli(args(out, "--checkpoint-every", "1", ...more), { program, env: { FAKE_DELAY_MS: "100" } });
    const folder = join(path(out), "checkpoints");
    const checkpoints = () =>
      existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("update-")) : [];
    await until(() => checkpoints().length > 0);
    running.kill("SIGKILL");
    await running.result;
    const names = checkpoints();
    const newest = names.sort((a, b) => Number(b.slice(7)) - Number(a.slice(7)))[0] as string;
    return join(folder, newest);
  };
  const torn = await stopped("torn");
  const tensors = join(torn, "tensors.safetensors");
  writeFileSync(tensors, readFileSync(tensors).subarray(0, 100));
  const resumed = await run("torn");
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /checkpoint .* cannot be used \(tensors\.safetensors has 100 bytes instead of \d+\)/);
  t.deepEqual(files("torn"), files("whole"));

  const mine = await stopped("mine");
  const other = await stopped("other", "--seed", "3");
  rmSync(mine, { recursive: true });
  renameSync(other, mine);
  const refused = await run("mine");
  t.is(refused.code, 4);
  t.regex(refused.stderr, /Expected checkpoints of this training, found one of another/);
});

test.serial(
  "losses that are no numbers end the training with exit 2, naming update and solution; what was done is kept",
  async (t) => {
    const { path, run, files } = await makeInputs(t);
    const { code, stderr } = await run("run", ["--checkpoint-every", "2"], { FAKE_NAN: "6" });
    t.is(code, 2);
    t.regex(
      stderr,
      /Expected the loss of update 6 to be a finite number, received NaN; the worst sequence is solution \d of problem "p\d+"/,
    );
    t.deepEqual(readdirSync(join(path("run"), "checkpoints")).sort(), ["update-2", "update-4"]);
    await run("whole");
    t.is((await run("run")).code, 0);
    t.deepEqual(files("run"), files("whole"));
  },
);

test.serial(
  "labels that cannot be trained on are exit 2 before anything is made, naming file and record",
  async (t) => {
    const { path, run } = await makeInputs(t);
    const expectRefused = async (labels: string, message: RegExp, more: string[] = []) => {
      writeFileSync(path("labels.jsonl"), labels);
      const { code, stderr } = await run("run", more);
      t.is(code, 2, stderr);
      t.regex(stderr, message);
      t.false(existsSync(path("run")));
    };
    await expectRefused("", /Expected at least one record, found none in .*labels\.jsonl/);
    const record = trainingInputs(20)["labels.jsonl"].split("\n")[0] as string;
    const imported = record.replace(/"numCompletions":\d,"numCorrect":\d/g, '"numCompletions":0,"numCorrect":0');
    await expectRefused(`${imported.replace(/"soft":\[[^\]]*\]/, '"soft":[0.5]')}\n`, /labels|steps/);
    await expectRefused(`${imported.replace(/"soft":\[[^\]]*\]/, '"soft":[0.5,1.5]')}\n`, /\[0, 1\]|from 0 to 1/);
    await expectRefused(trainingInputs(20)["labels.jsonl"], /longer than the length limit/, ["--max-length", "40"]);
  },
);

test.serial(
  "a tag that the vocabulary lacks and options that do not fit are exit 2 before anything is made",
  async (t) => {
    const { path, run } = await makeInputs(t);
    for (const [more, message] of [
      [["--loss", "two-way", "--positive", "good"], /positive/],
      [["--target", "er:x"], /er:x/],
      [
        ["--lora-rank", "2", "--lora-targets", "q_proj,lm_head"],
        /Expected --lora-targets to be among q_proj.*"lm_head"/,
      ],
      [["--held-out", "0", "--early-stopping", "2"], /Expected no --early-stopping .* no problems are held out/],
      [["--held-out", "0"], /Expected no --evaluate-every with --held-out 0/],
      [["--max-length", "1025"], /Expected --max-length to be at most 1024, the model's context, received 1025/],
      [["--warmup", "1.5"], /Expected the warm-up to be an integer/],
      [["--lora-alpha", "2"], /Expected no --lora-alpha without --lora-rank/],
      [["--adapter", path("none")], /Expected a directory with a LoRA adapter at .*none, found nothing there/],
      [["--adapter", path("none"), "--lora-rank", "4"], /Expected no --lora-rank with --adapter/],
      [["--adapter", path("none"), "--lora-alpha", "4"], /Expected no --lora-alpha with --adapter/],
      [["--adapter", path("none"), "--init", "random"], /Expected --init to be pretrained with --adapter/],
      [["--positive", "+"], /Expected no --positive with --loss binary: a value head has no candidate tokens/],
    ] as const) {
      const { code, stderr } = await run("run", [...more]);
      t.is(code, 2, stderr);
      t.regex(stderr, message);
      t.false(existsSync(path("run")));
    }
  },
);

test.serial("what this machine or this model cannot do is said before a run directory is made", async (t) => {
  const { path, run } = await makeInputs(t);
  for (const [more, code, message] of [
    [["--device", "cuda"], 3, /Expected device to be a device of this build \(cpu\), received "cuda"/],
    [["--device", "gpu"], 2, /Expected device to be cpu, cuda or cuda:INDEX/],
    [["--dtype", "bf16"], 2, /Expected --dtype to be f32 on the CPU/],
  ] as const) {
    const result = await run("run", [...more]);
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, message);
    t.false(existsSync(path("run")));
  }
});

test.serial(
  "a network that config.json cannot describe is refused before training, not when it is saved",
  async (t) => {
    const { path, run } = await makeInputs(t);
    const { config, ...rest } = parityModels.llama as RandomModel;
    const scaling = {
      rope_type: "llama3",
      ...{ factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 },
    };
    const stored = { ...rest, config: { ...config, max_position_embeddings: 1024, rope_scaling: scaling } };
    await writeGgufModel(path("stored.gguf"), stored, 1);
    const { code, stderr } = await run("run", ["--model", path("stored.gguf")]);
    t.is(code, 2);
    t.regex(stderr, /can be written as config\.json, received a rope_freqs tensor in .*stored\.gguf/);
    t.false(existsSync(path("run")));
  },
);

test.serial(
  "a training that ran out of memory is exit 3, says what helps, and goes on with it to the same bytes",
  async (t) => {
    const { run, files } = await makeInputs(t);
    const { code, stderr } = await run("run", ["--checkpoint-every", "2"], { FAKE_MEMORY: "6" });
    t.is(code, 3);
    t.regex(stderr, /no memory for update 6; the same command goes on .* with --gradient-checkpointing/);
    const resumed = await run("run", ["--gradient-checkpointing"]);
    t.is(resumed.code, 0, resumed.stderr);
    await run("whole");
    t.deepEqual(files("run"), files("whole"));
  },
);

test.serial(
  "without --learning-rate it goes by size, three times as high for adapters and drawn weights",
  async (t) => {
    const { path, run } = await makeInputs(t);
    const peakOf = async (out: string, ...more: string[]) => {
      t.is((await run(out, ["--max-updates", "1", ...more])).code, 0);
      return JSON.parse(readFileSync(join(path(out), "manifest.json"), "utf8")).options.schedule.peak;
    };
    t.is(await peakOf("pretrained"), 3e-4);
    t.is(await peakOf("random", "--init", "random"), 9e-4);
    t.is(await peakOf("adapter", "--lora-rank", "2"), 9e-4);
  },
);

test.serial("a training that made things worse says so", async (t) => {
  const { run } = await makeInputs(t);
  const wild = ["--loss", "squared", "--learning-rate", "50", "--schedule", "constant", "--warmup", "0"];
  const { code, stderr } = await run("run", [...wild, "--spike-factor", "0"]);
  t.is(code, 0, stderr);
  t.regex(stderr, /the held-out loss rose from \d\.\d{4} to \d+\.\d{4}: a smaller learning rate/);
});

test.serial("a training never writes into a model that it did not make, --force or not", async (t) => {
  const { path, run } = await makeInputs(t);
  const before = readFileSync(join(path("model"), "model.safetensors"));
  for (const more of [[], ["--force"]]) {
    const { code, stderr } = await run("model", more);
    t.is(code, 4);
    t.regex(stderr, /found the model that training starts from/);
  }
  t.deepEqual(readFileSync(join(path("model"), "model.safetensors")), before);
  const { config, ...rest } = parityModels.llama as RandomModel;
  await writeRandomModel(path("other"), { ...rest, config }, 2);
  const { code, stderr } = await run("other", ["--force"]);
  t.is(code, 4);
  t.regex(stderr, /found a model that no run wrote/);
});

test.serial("policies and outcome reward models are trained by the same means; one input is needed", async (t) => {
  const { path } = await makeInputs(t);
  const common = ["--model", path("model"), "--held-out", "0.2", "--json"];
  const train = (kind: string, ...more: string[]) => runCli(["train", kind, ...common, ...more], { program });
  const policy = await train("policy", "--problems", path("problems.jsonl"), "--out", path("policy"));
  t.is(policy.code, 0, policy.stderr);
  t.is(JSON.parse(policy.stdout).counts.examples, 16);
  t.false(existsSync(join(path("policy"), "reward_model.json")));
  const graded = await train("policy", "--solutions", path("solutions.jsonl"), "--out", path("graded"));
  t.true(JSON.parse(graded.stdout).counts.leftOut > 0, "wrong solutions are left out");
  const orm = await train("orm", "--solutions", path("solutions.jsonl"), "--out", path("orm"));
  t.is(JSON.parse(orm.stdout).counts.positions, 48, orm.stderr);
  const labels = await train("orm", "--labels", path("labels.jsonl"), "--out", path("orm-labels"));
  t.is(labels.code, 0, labels.stderr);
  t.is(
    readFileSync(join(path("orm"), "training.jsonl"), "utf8"),
    readFileSync(join(path("orm-labels"), "training.jsonl"), "utf8"),
  );
  const idle = await train("policy", "--problems", path("problems.jsonl"), "--keep-wrong", "--out", path("idle"));
  t.is(idle.code, 2);
  t.regex(idle.stderr, /Expected no --keep-wrong with --problems/);
  const none = await train("orm", "--out", path("none"));
  t.is(none.code, 2);
  t.regex(none.stderr, /Expected one of --solutions and --labels, received none/);
});
