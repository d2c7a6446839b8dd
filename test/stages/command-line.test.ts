import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../support/folder.js";
import { sameResult } from "../support/near.js";
import { runCli, startCli } from "../support/run-cli.js";
import { writeTinyModel } from "../support/tiny-engine.js";
import { withOptions } from "../support/with-options.js";

const problems = Array.from({ length: 6 }, (_, i) =>
  JSON.stringify({ id: `p${i}`, question: `${i} + ${i}?`, answer: String(2 * i) }),
).join("\n");

async function tinyRun(t: Parameters<typeof writeTinyModel>[0]) {
  const model = await writeTinyModel(t);
  const folder = makeFolder(t, { "p.jsonl": problems });
  const words = (name: string) => [
    "label",
    ...["--policy", model, "--problems", join(folder, "p.jsonl"), "--out", join(folder, name), "--threads", "1"],
    ...["--num-solutions", "2", "--num-completions", "3", "--max-tokens", "64", "--completion-max-tokens", "64"],
    ...["--prompt-template", "Q: {question}\nA:", "--split", "tag:*"],
  ];
  const label = (name: string, ...more: string[]) => withOptions(words(name), more);
  const read = (name: string, file: string) => readFileSync(join(folder, name, file), "utf8");
  return { model, folder, label, read };
}

test("label goes from problems to labels, and its summary says what was done", async (t) => {
  const { label, read } = await tinyRun(t);
  const { code, stdout, stderr } = await runCli(label("run", "--json"));
  t.is(code, 0, stderr);
  const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1) as string);
  const labels = read("run", "labels.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.is(labels.length, 12);
  t.is(summary.counts.labelled, 12);
  t.is(summary.counts.problems, 6);
  t.is(summary.accuracy.n, 12);
  const completed = labels.flatMap(({ steps }) => steps).filter(({ terminal }) => !terminal);
  t.true(completed.length > 0);
  t.is(summary.counts.rollouts, 12 + 3 * completed.length);
  t.is(summary.counts.promptTokensComputed, summary.counts.trunkTokens);
  t.true(summary.counts.unsharedTokens > summary.counts.trunkTokens);
  t.true(summary.rolloutsPerSecond > 0 && summary.tokensPerSecond > 0);
  t.true(summary.shareOutsideEngine >= 0 && summary.shareOutsideEngine <= 1);
  t.true(summary.counts.peakMemoryBytes > 2 ** 24);
  const manifest = JSON.parse(read("run", "manifest.json"));
  t.is(manifest.status, "complete");
  t.deepEqual(manifest.counts, summary.counts);
});

test("killed and resumed, with other threads and batch sizes, a run has the same bytes", async (t) => {
  const { folder, label, read } = await tinyRun(t);
  const more = ["--num-solutions", "6", "--num-completions", "12"];
  t.is((await runCli(label("whole", ...more))).code, 0);
  const size = Buffer.byteLength(read("whole", "labels.jsonl"));
  let kills = 0;
  for (const [attempt, share] of [0.05, 0.2, 0.35, 0.5, 0.75].entries()) {
    const other = ["--threads", String(1 + (attempt % 2)), "--batch-size", String(1 + 5 * attempt)];
    const running = startCli(label("killed", ...more, ...other));
    const labels = join(folder, "killed", "labels.jsonl");
    const timer = setInterval(() => {
      if (existsSync(labels) && statSync(labels).size > share * size) running.kill("SIGKILL");
    }, 3);
    if ((await running.result).code === null) kills += 1;
    clearInterval(timer);
  }
  t.true(kills >= 3, `${kills} kills`);
  t.is((await runCli(label("killed", ...more))).code, 0);
  for (const file of ["solutions.jsonl", "labels.jsonl"]) sameResult(t, read("killed", file), read("whole", file));
});

test("a prompt longer than the context is exit 2, names the problem, and keeps the work before it", async (t) => {
  const { folder, label, read } = await tinyRun(t);
  const long = JSON.stringify({ id: "the-long-one", question: "x".repeat(300), answer: "1" });
  writeFileSync(join(folder, "p.jsonl"), `${problems}\n${long}\n`);
  const { code, stderr } = await runCli(label("run"));
  t.is(code, 2);
  t.regex(stderr, /prompt of problem "the-long-one" to be shorter than the context of 256 tokens, received \d+ tokens/);
  t.is(read("run", "labels.jsonl").trimEnd().split("\n").length, 12);
});

test("NaN in the weights is exit 2", async (t) => {
  const { model, label } = await tinyRun(t);
  const file = join(model, readdirSync(model).find((name) => name.endsWith(".safetensors")) as string);
  const bytes = readFileSync(file);
  bytes.writeFloatLE(Number.NaN, bytes.length - 64);
  writeFileSync(file, bytes);
  const { code, stderr } = await runCli(label("run"));
  t.is(code, 2, stderr);
  t.regex(stderr, /NaN|finite/i);
});

test("weights that were cut short are exit 2 and named", async (t) => {
  const { model, label } = await tinyRun(t);
  const file = join(model, readdirSync(model).find((name) => name.endsWith(".safetensors")) as string);
  truncateSync(file, readFileSync(file).length - 1000);
  const { code, stderr } = await runCli(label("run"));
  t.is(code, 2, stderr);
  t.regex(stderr, /\.safetensors/);
});

test("a model directory without a tokenizer is exit 2 and says which file is missing", async (t) => {
  const { model, folder, label } = await tinyRun(t);
  const bare = join(folder, "bare");
  mkdirSync(bare);
  for (const name of readdirSync(model))
    if (name !== "tokenizer.json") copyFileSync(join(model, name), join(bare, name));
  const { code, stderr } = await runCli(label("run", "--policy", bare));
  t.is(code, 2, stderr);
  t.regex(stderr, /tokenizer\.json/);
});

test("a key-value memory that is too small is exit 3", async (t) => {
  const { label } = await tinyRun(t);
  const { code, stderr } = await runCli(label("run", "--kv-memory", "1KiB"));
  t.is(code, 3, stderr);
  t.regex(stderr, /memory/);
});
