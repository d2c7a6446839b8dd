/**
 * Makes models/tiny, the policy behind builtin:tiny, from nothing: problems of our own, a tokenizer learned from them, training
 * from random weights, and a model card with what was measured. A call that was interrupted goes on where it stopped.
 *
 *   node scripts/train-tiny-policy.mjs [--out DIR] [--work DIR] [--device cpu|cuda] [--threads N] [--num-problems N]
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { say } from "./progress.mjs";
import { packageRoot, setUp } from "./setup.mjs";
import { runScript, SetupError } from "./setup-error.mjs";
import { measure } from "./tiny/measure.mjs";
import { modelCard } from "./tiny/model-card.mjs";
import { writeModelFiles } from "./tiny/model-files.mjs";

/** What is shipped, beside the card. */
const shipped = [
  "config.json",
  "generation_config.json",
  "model.safetensors",
  "tokenizer.json",
  "tokenizer_config.json",
];

/** Problems of the train split that the tokenizer learns its merges from. */
const numTokenizerProblems = 20_000;

const training = [
  ...["--init", "random", "--epochs", "1", "--held-out", "0.004", "--evaluate-every", "250"],
  ...["--learning-rate", "3e-3", "--warmup", "100", "--weight-decay", "0.05"],
  ...["--tokens-per-update", "4096", "--tokens-per-batch", "4096", "--save-dtype", "bf16"],
];

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(packageRoot, "models", "tiny") },
    work: { type: "string", default: join(packageRoot, "runs", "tiny") },
    device: { type: "string", default: "cpu" },
    threads: { type: "string" },
    "num-problems": { type: "string", default: "75000" },
  },
});

/** Runs a command of erprm with its progress on our standard error; returns the summary it prints. */
function erprm(...args) {
  const program = join(packageRoot, "dist/src/cli/main.js");
  const options = { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8", maxBuffer: 2 ** 28 };
  const { status, stdout, error } = spawnSync(process.execPath, [program, ...args, "--json"], options);
  if (error) throw error;
  if (status !== 0) throw new SetupError(`erprm ${args.join(" ")} ended with exit code ${status}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

function readLines(path) {
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

function commit() {
  const { status, stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: packageRoot, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function train(work) {
  const problems = join(work, "train.jsonl");
  const initial = join(work, "initial");
  const num = values["num-problems"];
  if (!existsSync(problems) || readLines(problems).length !== Number(num)) {
    erprm("problems", "--split", "train", "--num", num, "--out", problems, "--force");
  }
  const texts = readLines(problems)
    .slice(0, numTokenizerProblems)
    .map((line) => JSON.parse(line));
  writeModelFiles(
    initial,
    texts.map(({ question, solution }) => `${question}\n${solution}`),
  );
  const machine = ["--device", values.device, ...(values.threads ? ["--threads", values.threads] : [])];
  if (values.device !== "cpu") machine.push("--dtype", "bf16");
  const out = join(work, "policy");
  return {
    out,
    summary: erprm(
      "train",
      "policy",
      "--model",
      initial,
      "--problems",
      problems,
      ...training,
      ...machine,
      "--out",
      out,
    ),
  };
}

await runScript(async () => {
  await setUp();
  const { out, work } = values;
  mkdirSync(work, { recursive: true });
  mkdirSync(out, { recursive: true });
  const { out: trained, summary } = train(work);
  for (const name of shipped) copyFileSync(join(trained, name), join(out, name));
  const measured = await measure({ erprm, model: out, work });
  const made = { commit: commit(), processor: cpus()[0]?.model ?? "", training: training.join(" "), ...values };
  writeFileSync(join(out, "README.md"), modelCard({ summary, measured, made }));
  say(
    `the tiny policy is in ${out}: ${(100 * measured.splits[0].all.value).toFixed(1)} % right on the default test split`,
  );
});
