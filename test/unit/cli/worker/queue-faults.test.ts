/** What befalls writers and workers of a queue: a disk that is full, a server that is away when somebody interrupts. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { generateProblems } from "../../../../src/problems/generate.js";
import { makeFolder } from "../../../support/folder.js";
import { natsServerPath, startNatsServer, withoutNatsServer } from "../../../support/nats-server.js";
import { fakeProgram, runCli, startCli } from "../../../support/run-cli.js";

const isThere = natsServerPath !== undefined;
const test = (isThere ? anyTest.serial : anyTest.skip) as TestFn;
if (!isThere) anyTest(`faults of a queue are not tested: ${withoutNatsServer}`, (t) => t.pass());

function study(t: ExecutionContext) {
  const problems = [...generateProblems({ split: "test", num: 12, seed: 5 })];
  const folder = makeFolder(t, { "p.jsonl": problems.map((problem) => `${JSON.stringify(problem)}\n`).join("") });
  const path = (...names: string[]) => join(folder, ...names);
  const read = (...names: string[]) => (existsSync(path(...names)) ? readFileSync(path(...names), "utf8") : "");
  const label = ["label", "--policy", "fake", "--problems", path("p.jsonl"), "--num-solutions", "3"];
  const start = (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const running = startCli(args, { program: fakeProgram, env });
    t.teardown(() => running.kill("SIGKILL"));
    return running;
  };
  return { path, read, start, label: [...label, "--num-completions", "4", "--split", "tag:*"] };
}

/** With files of at most `kib` KiB, which stands for a full disk; its signal is ignored, so that writing fails instead. */
async function runLimited(folder: string, kib: number, args: readonly string[]) {
  const script = join(folder, "limited.sh");
  const command = [process.execPath, fakeProgram, ...args].map((arg) => `'${arg}'`).join(" ");
  writeFileSync(script, `trap '' XFSZ\nulimit -f ${kib}\nexec ${command}\n`);
  const child = spawn("bash", [script], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stderr };
}

test("a writer whose disk is full ends with exit 3, its worker waits, and the same command goes on to the same bytes", async (t) => {
  const { path, read, start, label } = study(t);
  const { url } = await startNatsServer(t);
  t.is((await runCli([...label, "--out", path("plain")], { program: fakeProgram })).code, 0);
  const worker = start(["worker", "--queue", url, "--policy", "fake"]);
  const queued = [...label, "--out", path("queued"), "--queue", url];
  const { code, stderr } = await runLimited(path(), 6, queued);
  t.is(code, 3, stderr);
  t.regex(stderr, /Could not write .*\.jsonl/);
  for (const name of ["solutions.jsonl", "labels.jsonl"]) {
    t.true(read("plain", name).startsWith(read("queued", name)), `${name} holds whole records, from the first on`);
  }
  t.true(read("queued", "labels.jsonl").length < read("plain", "labels.jsonl").length);
  const again = await runCli(queued, { program: fakeProgram });
  t.is(again.code, 0, again.stderr);
  for (const name of ["solutions.jsonl", "labels.jsonl"]) t.is(read("queued", name), read("plain", name), name);
  const end = await worker.result;
  t.is(end.code, 0, end.stderr);
  t.regex(end.stdout, /12 units of 1 runs; the run is complete/, "no unit was worked on twice");
});

test("workers and writers that are interrupted while the server is away end, with the exit code of an interruption", async (t) => {
  const { path, start, label } = study(t);
  const server = await startNatsServer(t);
  const worker = start(["worker", "--queue", server.url, "--policy", "fake"], { FAKE_DELAY_MS: "1000" });
  const writer = start([...label, "--out", path("queued"), "--queue", server.url]);
  await Promise.all([worker.says("works on run"), writer.says("is here")]);
  await server.kill();
  await Promise.all([worker, writer].map((one) => one.says("lost the connection")));
  for (const one of [worker, writer]) one.kill("SIGTERM");
  for (const one of [worker, writer]) {
    const { code, stderr } = await one.result;
    t.is(code, 130, stderr);
  }
});
