/** Label runs through a real queue, with workers in processes of their own that are killed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { generateProblems } from "../../../../src/problems/generate.js";
import { makeFolder } from "../../../support/folder.js";
import { natsServerPath, startNatsServer, withoutNatsServer } from "../../../support/nats-server.js";
import { fakeProgram, type RunningCli, runCli, startCli } from "../../../support/run-cli.js";
import { until } from "../../../support/until.js";

const isThere = natsServerPath !== undefined;
const test = (isThere ? anyTest.serial : anyTest.skip) as TestFn;
if (!isThere) anyTest(`labels through a queue are not tested: ${withoutNatsServer}`, (t) => t.pass());

const sampling = ["--threads", "1", "--max-tokens", "60"];
const completions = ["--num-completions", "4", "--completion-max-tokens", "40"];
/** Labelling with the fake policy. */
const labelOf = (...input: string[]) => ["label", "--policy", "fake", ...input, ...completions, "--split", "tag:*"];

function study(t: ExecutionContext, numProblems: number) {
  const problems = [...generateProblems({ split: "test", num: numProblems, seed: 5 })];
  const folder = makeFolder(t, { "p.jsonl": problems.map((problem) => `${JSON.stringify(problem)}\n`).join("") });
  const path = (...names: string[]) => join(folder, ...names);
  const read = (...names: string[]) => (existsSync(path(...names)) ? readFileSync(path(...names), "utf8") : "");
  const running: RunningCli[] = [];
  const start = (args: string[], program?: string, env: NodeJS.ProcessEnv = {}) => {
    const one = startCli(args, program === undefined ? { env } : { program, env });
    running.push(one);
    return one;
  };
  t.teardown(() => {
    for (const one of running) one.kill("SIGKILL");
  });
  return { path, read, start, ids: problems.map(({ id }) => id) };
}

test("20 problems by two workers, one of them killed, are the bytes of one machine and of shards", async (t) => {
  const { path, read, start } = study(t, 20);
  const { url } = await startNatsServer(t);
  const label = ["label", "--policy", "builtin:tiny", ...sampling, ...completions];
  const run = [...label, "--num-solutions", "2", "--problems", path("p.jsonl"), "--keep-completions"];
  t.is((await runCli([...run, "--out", path("plain")])).code, 0);
  const worker = ["worker", "--queue", url, "--policy", "builtin:tiny", "--threads", "1", "--in-flight", "3"];
  const killed = start(worker);
  const writer = start([...run, "--out", path("queued"), "--queue", url, "--ack-wait", "1"]);
  await until(() => read("queued", "labels.jsonl") !== "");
  killed.kill("SIGKILL");
  const other = start(worker);
  const { code, stdout, stderr } = await writer.result;
  t.is(code, 0, stderr);
  t.regex(stdout, /2 took part in 20 units, 0 set aside/);
  for (const file of ["solutions.jsonl", "labels.jsonl", "completions.jsonl"]) {
    t.is(read("queued", file), read("plain", file), file);
  }
  const end = await other.result;
  t.is(end.code, 0, end.stderr);
  t.regex(end.stdout, /the run is complete/);

  for (const shard of ["0/2", "1/2"]) t.is((await runCli([...run, "--out", path("s"), "--shard", shard])).code, 0);
  t.is((await runCli(["merge", "--out", path("merged"), path("s")])).code, 0);
  for (const file of ["solutions.jsonl", "labels.jsonl", "completions.jsonl"]) {
    t.is(read("merged", file), read("plain", file), file);
  }
  // It is one run, however it was made.
  t.regex((await runCli([...run, "--out", path("queued")])).stdout, /complete already/);
});

test("workers that begin together divide the problems, though the engine of one has slots for all of them", async (t) => {
  const { path, start } = study(t, 24);
  const { url } = await startNatsServer(t);
  const worker = ["worker", "--queue", url, "--policy", "builtin:tiny", "--threads", "1", "--json"];
  const workers = [start(worker), start(worker)];
  await Promise.all(workers.map((one) => one.says("waiting for a run")));
  const label = ["label", "--policy", "builtin:tiny", ...sampling, ...completions, "--num-solutions", "2"];
  const writer = start([...label, "--problems", path("p.jsonl"), "--out", path("queued"), "--queue", url]);
  t.is((await writer.result).code, 0);
  const units = await Promise.all(workers.map(async ({ result }) => JSON.parse((await result).stdout).units as number));
  t.is((units[0] as number) + (units[1] as number), 24);
  // At first each takes what fills its engine up, about 5 problems of 50 completions.
  t.true(Math.min(...units) >= 3, `${units}`);
});

test("a writer that is killed goes on with the same command, solutions are units too, and one machine may finish", async (t) => {
  const { path, read, start } = study(t, 12);
  const { url } = await startNatsServer(t);
  const env = { FAKE_DELAY_MS: "20", FAKE_BATCH: "4" };
  const rollout = [
    "rollout",
    "--policy",
    "fake",
    "--problems",
    path("p.jsonl"),
    "--num-solutions",
    "3",
    "--split",
    "tag:*",
  ];
  t.is((await runCli([...rollout, "--max-tokens", "60", "--out", path("s")], { program: fakeProgram })).code, 0);
  const label = labelOf("--solutions", path("s", "solutions.jsonl"));
  t.is((await runCli([...label, "--out", path("plain")], { program: fakeProgram })).code, 0);
  start(["worker", "--queue", url, "--policy", "fake", "--in-flight", "2", "--stay"], fakeProgram, env);
  const queued = (name: string) =>
    start([...label, "--out", path(name), "--queue", url, "--ack-wait", "1"], fakeProgram);
  const numLines = (name: string) => read(name, "labels.jsonl").split("\n").length - 1;
  let numKilled = 0;
  for (const share of [4, 12, 20]) {
    const writer = queued("queued");
    await until(() => numLines("queued") >= share);
    writer.kill("SIGKILL");
    if ((await writer.result).code === null) numKilled += 1;
  }
  t.true(numKilled >= 2, `${numKilled} kills`);
  const { code, stderr } = await queued("queued").result;
  t.is(code, 0, stderr);
  t.is(read("queued", "labels.jsonl"), read("plain", "labels.jsonl"));
  const begun = queued("begun");
  await until(() => numLines("begun") >= 4);
  begun.kill("SIGINT");
  const interrupted = await begun.result;
  t.is(interrupted.code, 130, interrupted.stderr);
  t.is((await runCli([...label, "--out", path("begun")], { program: fakeProgram })).code, 0);
  t.is(read("begun", "labels.jsonl"), read("plain", "labels.jsonl"));
});

test("a problem that kills its workers is set aside and named, the rest is labelled, and the exit code says so", async (t) => {
  const { path, read, start, ids } = study(t, 8);
  const { url } = await startNatsServer(t);
  const poison = ids[3] as string;
  const label = labelOf("--problems", path("p.jsonl"), "--num-solutions", "2", "--max-tokens", "60");
  t.is((await runCli([...label, "--out", path("plain")], { program: fakeProgram })).code, 0);
  const writer = start([...label, "--out", path("queued"), "--queue", url, "--ack-wait", "1"], fakeProgram);
  let isOver = false;
  void writer.result.then(() => {
    isOver = true;
  });
  let numKilled = 0;
  while (!isOver && numKilled < 8) {
    const worker = start(["worker", "--queue", url, "--policy", "fake"], fakeProgram, { FAKE_POISON: poison });
    if ((await worker.result).code === null) numKilled += 1;
  }
  t.is(numKilled, 3);
  const { code, stderr } = await writer.result;
  t.is(code, 2, stderr);
  t.regex(stderr, new RegExp(`problem "${poison}" is set aside \\(failed\\.jsonl\\): 3 workers that had it went away`));
  t.regex(stderr, /Expected every unit to be labelled, 1 were set aside, named in .*failed\.jsonl/);
  const rest = read("plain", "labels.jsonl")
    .split("\n")
    .filter((line) => line !== "" && JSON.parse(line).problemId !== poison);
  t.is(read("queued", "labels.jsonl"), `${rest.join("\n")}\n`);
  const failed = JSON.parse(read("queued", "failed.jsonl"));
  t.is(failed.problemId, poison);
  t.is(failed.tries, 3);
  t.is(failed.unit.id, poison);
  const again = await runCli([...label, "--out", path("queued"), "--queue", url], { program: fakeProgram });
  t.is(again.code, 2, "it is said again");
  const alone = await runCli([...label, "--out", path("queued")], { program: fakeProgram });
  t.is(alone.code, 2, "and without the queue");
});

test("a run that is started over takes nothing that an earlier one left on the server, failures neither", async (t) => {
  const { path, read, start, ids } = study(t, 4);
  const { url } = await startNatsServer(t);
  const label = labelOf("--problems", path("p.jsonl"), "--num-solutions", "2", "--max-tokens", "60");
  const queued = [...label, "--out", path("queued"), "--queue", url, "--ack-wait", "1", "--max-tries", "2"];
  const worker = (env: NodeJS.ProcessEnv) =>
    start(["worker", "--queue", url, "--policy", "fake", "--idle", "3"], fakeProgram, env).result;
  const first = start(queued, fakeProgram);
  // The first unit is the poison, so nothing is written; what comes of the units stays on the server.
  const poisoned = { FAKE_POISON: ids[0] as string };
  t.is((await worker(poisoned)).code, null);
  first.kill("SIGKILL");
  t.is((await worker(poisoned)).code, null);
  const third = await worker(poisoned);
  t.is(third.code, 0, third.stderr);
  t.is(read("queued", "labels.jsonl"), "");

  const second = start([...queued, "--force"], fakeProgram);
  await worker({});
  const { code, stderr } = await second.result;
  t.is(code, 0, stderr);
  t.is((await runCli([...label, "--out", path("plain")], { program: fakeProgram })).code, 0);
  t.is(read("queued", "labels.jsonl"), read("plain", "labels.jsonl"));
});

test("a worker of another model is refused, naming both, and options of the queue need one", async (t) => {
  const { path, start } = study(t, 3);
  const { url } = await startNatsServer(t);
  const label = ["label", "--policy", "builtin:tiny", ...sampling, ...completions, "--problems", path("p.jsonl")];
  const writer = start([...label, "--num-solutions", "1", "--out", path("queued"), "--queue", url]);
  await writer.says("erprm worker");
  const other = await runCli(["worker", "--queue", url, "--policy", "fake"], { program: fakeProgram });
  t.is(other.code, 2, other.stderr);
  t.regex(other.stderr, /Expected a run of the model .*, found [0-9a-f]{16} \(policy/);
  writer.kill("SIGTERM");
  t.is((await writer.result).code, 130);
  t.is((await runCli([...label, "--out", path("x"), "--ack-wait", "2"])).code, 2);
  const nowhere = await runCli(["worker", "--queue", "nats://me:secret@127.0.0.1:1", "--policy", "builtin:tiny"]);
  t.is(nowhere.code, 3);
  t.regex(nowhere.stderr, /Expected a NATS server at nats:\/\/127\.0\.0\.1:1, received/);
  t.false(nowhere.stderr.includes("secret"));
  const idle = await runCli([
    "worker",
    "--queue",
    url,
    "--policy",
    "builtin:tiny",
    "--run",
    "0000000000000000",
    "--idle",
    "0",
  ]);
  t.is(idle.code, 0, idle.stderr);
  t.regex(idle.stdout, /0 units of 0 runs; there was nothing to do/);
});

test("a password that the server asks for is given, and stands in no file of the run", async (t) => {
  const { path, read, start } = study(t, 2);
  const { url } = await startNatsServer(t, ["--user", "lab", "--pass", "s3cr3t"]);
  const refused = await runCli(["worker", "--queue", url, "--policy", "fake"], { program: fakeProgram });
  t.is(refused.code, 3);
  const queue = url.replace("//", "//lab:s3cr3t@");
  start(["worker", "--queue", queue, "--policy", "fake"], fakeProgram);
  const label = ["label", "--policy", "fake", "--problems", path("p.jsonl"), "--num-solutions", "1", ...completions];
  const { code, stdout, stderr } = await start([...label, "--out", path("q"), "--queue", queue], fakeProgram).result;
  t.is(code, 0, stderr);
  t.false(`${stdout}${stderr}${read("q", "manifest.json")}`.includes("s3cr3t"));
});
