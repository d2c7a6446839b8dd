/** erprm train as several processes, with the real trainer: what rank 0 writes, and what becomes of a process that is lost. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { freePort, rankEnvironment, runRanks, startRanks } from "../support/ranks.js";
import { type CliResult, type RunningCli, runCli } from "../support/run-cli.js";
import { trainingInputs } from "../support/training-inputs.js";
import { until } from "../support/until.js";

const folder = mkdtempSync(join(tmpdir(), "erprm-test-"));
const path = (...names: string[]) => join(folder, ...names);
const { config, ...rest } = parityModels.llama as RandomModel;

test.before(async () => {
  await writeRandomModel(path("model"), { ...rest, config: { ...config, max_position_embeddings: 1024 } }, 1);
  for (const [name, content] of Object.entries(trainingInputs(16))) writeFileSync(path(name), content);
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** 72 updates, each of five micro-batches or so. */
function args(out: string, ...more: string[]): string[] {
  const model = ["train", "prm", "--model", path("model"), "--labels", path("labels.jsonl"), "--out", path(out)];
  const updates = ["--tokens-per-update", "500", "--tokens-per-batch", "128", "--epochs", "6"];
  return [...model, ...updates, "--held-out", "0.2", "--threads", "1", "--json", ...more];
}

const written = (out: string) => ["model.safetensors", "training.jsonl"].map((name) => readFileSync(path(out, name)));
const codes = (results: CliResult[]) => results.map(({ code }) => code);

/** A training of two, interrupted by `stop` when it has checkpoints. */
async function interrupted(
  out: string,
  stop: (ranks: RunningCli[]) => void,
  more: string[],
): Promise<[RunningCli, RunningCli]> {
  const ranks = await startRanks(2, args(out, "--checkpoint-every", "1", ...more));
  const checkpoints = path(out, "checkpoints");
  await until(() => existsSync(checkpoints) && readdirSync(checkpoints).some((name) => /^update-\d$/.test(name)));
  stop(ranks);
  return ranks as [RunningCli, RunningCli];
}

function expectWhole(t: ExecutionContext, out: string): void {
  t.deepEqual(written(out), written("whole"));
}

test.serial("rank 0 alone writes and speaks; two and three processes write the same bytes", async (t) => {
  const [first, second] = (await runRanks(2, args("whole"))) as [CliResult, CliResult];
  t.is(first.code, 0, first.stderr);
  t.deepEqual(second, { code: 0, stdout: "", stderr: "" });
  t.is(JSON.parse(first.stdout).counts.updatesMade, 72);
  t.deepEqual(
    readdirSync(folder).sort(),
    ["labels.jsonl", "model", "problems.jsonl", "solutions.jsonl", "whole"],
    "nothing but the run directory",
  );
  t.false(existsSync(path("whole", "checkpoints")));
  t.deepEqual(codes(await runRanks(3, args("three"))), [0, 0, 0]);
  expectWhole(t, "three");
  const { options, freeOptions } = JSON.parse(readFileSync(path("three", "manifest.json"), "utf8"));
  t.is(options.ranks, "several");
  t.is(freeOptions.numRanks, 3);
});

test.serial("the same command on a finished run says so, on all ranks", async (t) => {
  const [first, second] = (await runRanks(2, args("whole"))) as [CliResult, CliResult];
  t.is(first.code, 0, first.stderr);
  t.true(JSON.parse(first.stdout).alreadyComplete);
  t.deepEqual(second, { code: 0, stdout: "", stderr: "" });
});

test.serial("a world of one is no world: the bytes are those without an environment", async (t) => {
  t.is((await runCli(args("plain"))).code, 0);
  t.is((await runCli(args("one"), { env: rankEnvironment(0, 1, await freePort()) })).code, 0);
  t.deepEqual(written("one"), written("plain"));
  t.is(JSON.parse(readFileSync(path("one", "manifest.json"), "utf8")).options.ranks, undefined);
});

test.serial("early stopping goes back to the best weights on every rank", async (t) => {
  const early = ["--early-stopping", "1", "--evaluate-every", "3", "--learning-rate", "1e-2"];
  const [first] = (await runRanks(2, args("early", ...early))) as [CliResult];
  t.is(first.code, 0, first.stderr);
  const { counts } = JSON.parse(first.stdout);
  t.is(counts.stoppedEarly, 1);
  t.true(counts.updates < counts.updatesMade);
  // The measures at the end are those of the weights that were saved.
  const log = readFileSync(path("early", "training.jsonl"), "utf8").trimEnd().split("\n");
  const losses = log.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "held-out");
  t.is(counts.heldOutLoss, Math.min(...losses.slice(1).map(({ loss }) => loss)));
  t.deepEqual(codes(await runRanks(3, args("early-three", ...early))), [0, 0, 0]);
  t.deepEqual(written("early-three"), written("early"));
});

test.serial("policies, outcome models and adapters are trained by several processes too", async (t) => {
  const train = (kind: string, out: string, ...more: string[]) => [
    ...["train", kind, "--model", path("model"), "--out", path(out), "--tokens-per-update", "400", "--epochs", "1"],
    ...["--held-out", "0", "--threads", "1", "--json", ...more],
  ];
  const problems = ["--problems", path("problems.jsonl")];
  const kinds: [string, string[]][] = [
    ["policy", [...problems, "--lora-rank", "2"]],
    ["orm", ["--solutions", path("solutions.jsonl"), "--loss", "binary"]],
    ["policy", [...problems, "--adapter", path("0-2", "adapter")]],
  ];
  for (const [i, [kind, more]] of kinds.entries()) {
    for (const size of [2, 3]) {
      const results = await runRanks(size, train(kind, `${i}-${size}`, ...more));
      t.deepEqual(codes(results), Array(size).fill(0), results[0]?.stderr);
    }
    t.deepEqual(written(`${i}-3`), written(`${i}-2`));
  }
});

test.serial(
  "a rank that is killed ends the others with its name; any number of ranks goes on to the same bytes",
  async (t) => {
    const [first] = await interrupted("killed", (ranks) => ranks[1]?.kill("SIGKILL"), []);
    const { code, stderr } = await first.result;
    t.is(code, 3, stderr);
    t.regex(stderr, /Expected rank 1 \(\S+\) to stay, but its connection ended/);
    t.true(existsSync(path("killed", "checkpoints")));
    const alone = await runCli(args("killed"));
    t.is(alone.code, 4);
    t.regex(alone.stderr, /option ranks was "several" and is now not given/);
    t.deepEqual(codes(await runRanks(3, args("killed"))), [0, 0, 0]);
    expectWhole(t, "killed");
  },
);

test.serial("when rank 0 is killed the others end too, and the run goes on from its checkpoint", async (t) => {
  const [, second] = await interrupted("headless", (ranks) => ranks[0]?.kill("SIGKILL"), []);
  const { code, stderr } = await second.result;
  t.is(code, 3, stderr);
  t.regex(stderr, /Expected rank 0 \(\S+\) to stay/);
  t.deepEqual(codes(await runRanks(2, args("headless"))), [0, 0]);
  expectWhole(t, "headless");
});

test.serial("a rank that hangs is named after the time given", async (t) => {
  const ranks = await interrupted("hanging", ([, second]) => second?.kill("SIGSTOP"), ["--rank-timeout", "2"]);
  const { code, stderr } = await ranks[0].result;
  ranks[1].kill("SIGKILL");
  t.is(code, 3, stderr);
  t.regex(stderr, /Expected rank 1 \(\S+\) to send something within 2 s, received nothing/);
  t.deepEqual(codes(await runRanks(2, args("hanging"))), [0, 0]);
  expectWhole(t, "hanging");
});

test.serial("an interruption of any rank is one of all: a checkpoint is written, and the run goes on", async (t) => {
  const ranks = await interrupted("stopped", ([, second]) => second?.kill("SIGTERM"), []);
  const results = await Promise.all(ranks.map(({ result }) => result));
  t.deepEqual(codes(results), [130, 130]);
  t.regex(results[0]?.stderr as string, /rank 1 \(\S+\) has left: Interrupted by SIGTERM.*the same command goes on/s);
  t.deepEqual(codes(await runRanks(2, args("stopped"))), [0, 0]);
  expectWhole(t, "stopped");
});

test.serial("a rank that does not come is named, and so is a meeting point that is not there", async (t) => {
  const port = await freePort();
  const options = (rank: number) => ({ env: rankEnvironment(rank, 3, port) });
  const come = await Promise.all([0, 1].map((rank) => runCli(args("missing", "--rank-timeout", "2"), options(rank))));
  t.deepEqual(codes(come), [3, 3]);
  t.regex(
    come[0]?.stderr as string,
    /Expected 3 ranks to come to 127\.0\.0\.1 port \d+ within 2 s, rank 0 still misses rank 2/,
  );
  t.false(existsSync(path("missing")));
  const lost = await runCli(args("missing", "--rank-timeout", "1"), options(1));
  t.is(lost.code, 3);
  t.regex(
    lost.stderr,
    /^erprm: Expected rank 1 to reach the meeting point at MASTER_ADDR 127\.0\.0\.1 and MASTER_PORT \d+: .*\n$/,
  );
});

test.serial("ranks with other options or other data are refused before anything is written", async (t) => {
  const argsOf = (rank: number, same: readonly string[]) => (rank === 1 ? [...same, "--learning-rate", "0.5"] : same);
  const other = await runRanks(2, args("different"), { argsOf });
  t.deepEqual(codes(other), [4, 4]);
  for (const { stderr } of other)
    t.regex(stderr, /Expected all ranks to train the same in the same way, found schedule .* on rank 1/);
  const limited = await runRanks(2, args("different"), {
    argsOf: (rank, same) => (rank === 1 ? [...same, "--limit", "40"] : same),
  });
  t.deepEqual(codes(limited), [4, 4]);
  t.false(existsSync(path("different")));
});

test.serial("what one rank cannot read is the error of all", async (t) => {
  const argsOf = (rank: number, same: readonly string[]) =>
    same.map((word) => (rank === 1 && word === path("model") ? path("nowhere") : word));
  const results = await runRanks(2, args("unread"), { argsOf });
  t.deepEqual(codes(results), [2, 2]);
  t.regex(results[0]?.stderr as string, /rank 1 \(\S+\) has left: .*nowhere/);
});

test.serial("a loss that is no number is the same error on every rank, whichever computed it", async (t) => {
  const results = await runRanks(2, args("diverged", "--learning-rate", "1e6", "--warmup", "0", "--spike-factor", "0"));
  t.deepEqual(new Set(codes(results)), new Set([2]));
  const own = results.map(({ stderr }) => /Expected .*NaN.*|Expected the loss.*/.exec(stderr)?.[0]);
  t.truthy(own[0]);
  t.is(own[0], own[1]);
});

test.serial("an environment that does not say which rank this is, is named", async (t) => {
  const { RANK: _, ...without } = rankEnvironment(0, 2, 29_500);
  const { code, stderr } = await runCli(args("nobody"), { env: { ...without, RANK: "" } });
  t.is(code, 2);
  t.regex(stderr, /Expected RANK to be an integer from 0 to 1 .*received ""/);
});
