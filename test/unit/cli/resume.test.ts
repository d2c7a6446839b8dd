import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../support/folder.js";
import { fakeProgram, runCli, startCli } from "../../support/run-cli.js";

const problems = Array.from({ length: 8 }, (_, i) =>
  JSON.stringify({ id: `p${i}`, question: `What is ${i} + ${4 - i}?`, answer: "4" }),
).join("\n");

/** label --problems with a fake policy; the files it leaves. */
function labelRun(t: { teardown(fn: () => void): void }) {
  const folder = makeFolder(t, { "p.jsonl": problems });
  const args = (name: string, ...more: string[]) => [
    "label",
    ...["--policy", "fake", "--problems", join(folder, "p.jsonl"), "--out", join(folder, name)],
    ...["--num-solutions", "3", "--num-completions", "4", ...more],
  ];
  const files = (name: string) =>
    ["solutions.jsonl", "labels.jsonl"].map((file) => {
      const path = join(folder, name, file);
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    });
  return { folder, args, files };
}

test("a run that was killed at any moment and resumed has the bytes of one that was not", async (t) => {
  const { args, files } = labelRun(t);
  t.is((await runCli(args("whole"), { program: fakeProgram })).code, 0);
  const expected = files("whole");
  t.is(expected[0]?.split("\n").length, 25);

  let kills = 0;
  for (let attempt = 0; attempt < 12; attempt += 1) {
    // Other batch sizes from one attempt to the next.
    const env = { FAKE_DELAY_MS: "25", FAKE_BATCH: String(1 + (attempt % 3)) };
    const running = startCli(args("killed"), { program: fakeProgram, env });
    await running.says("loaded");
    const timer = setTimeout(() => running.kill("SIGKILL"), 20 + ((attempt * 37) % 130));
    const { code } = await running.result;
    clearTimeout(timer);
    if (code === null) kills += 1;
  }
  t.true(kills >= 3, `${kills} kills`);
  t.is((await runCli(args("killed"), { program: fakeProgram })).code, 0);
  t.deepEqual(files("killed"), expected);
});

test("SIGINT and SIGTERM end a run with exit 130; what was finished is kept and the run goes on", async (t) => {
  const { args, files } = labelRun(t);
  await runCli(args("whole"), { program: fakeProgram });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const running = startCli(args(signal), { program: fakeProgram, env: { FAKE_DELAY_MS: "60", FAKE_BATCH: "1" } });
    await running.says("loaded");
    while (files(signal)[0] === "") await new Promise((resolve) => setTimeout(resolve, 5));
    running.kill(signal);
    const { code, stderr } = await running.result;
    t.is(code, 130, stderr);
    t.regex(
      stderr,
      new RegExp(`Interrupted by ${signal}; what was finished is kept in .*${signal}, the same command goes on`),
    );
    const [solutions = ""] = files(signal);
    t.true(solutions.length > 0);
    t.true(files("whole")[0]?.startsWith(solutions), "finished records are whole");
    t.is((await runCli(args(signal), { program: fakeProgram })).code, 0);
    t.deepEqual(files(signal), files("whole"));
  }
});

test("labels of a finished rollout run are those of the run that did both", async (t) => {
  const { folder, args, files } = labelRun(t);
  await runCli(args("both"), { program: fakeProgram });
  const common = ["--policy", "fake", "--out"];
  const rollout = [
    "rollout",
    ...common,
    join(folder, "first"),
    "--problems",
    join(folder, "p.jsonl"),
    "--num-solutions",
    "3",
  ];
  t.is((await runCli(rollout, { program: fakeProgram })).code, 0);
  const solutions = join(folder, "first", "solutions.jsonl");
  const label = ["label", ...common, join(folder, "then"), "--solutions", solutions, "--num-completions", "4"];
  t.is((await runCli(label, { program: fakeProgram })).code, 0);
  t.is(files("first")[0], files("both")[0]);
  t.is(files("then")[1], files("both")[1]);
});

test("the prompt's settings follow the solutions from their run's manifest", async (t) => {
  const { folder } = labelRun(t);
  const policy = ["--policy", "fake", "--out"];
  const prompt = ["--prompt-template", "Problem: {question}\n", "--system", "Be brief."];
  const problem = ["--problems", join(folder, "p.jsonl"), "--num-solutions", "1"];
  await runCli(["rollout", ...policy, join(folder, "first"), ...problem, ...prompt], { program: fakeProgram });
  const input = ["--solutions", join(folder, "first", "solutions.jsonl"), "--num-completions", "2"];
  const said = await runCli(["label", ...policy, join(folder, "said"), ...input, ...prompt], { program: fakeProgram });
  const found = await runCli(["label", ...policy, join(folder, "found"), ...input], { program: fakeProgram });
  t.regex(found.stderr, /the prompt's settings are those of .*manifest\.json/);
  t.notRegex(said.stderr, /the prompt's settings/);
  const labels = (name: string) => readFileSync(join(folder, name, "labels.jsonl"), "utf8");
  t.is(labels("found"), labels("said"));
});

test("threads, batch size and memory are not part of a run; seed and sampling are", async (t) => {
  const { args } = labelRun(t);
  t.is((await runCli(args("run"), { program: fakeProgram })).code, 0);
  const same = ["--threads", "1", "--batch-size", "7", "--kv-memory", "1GiB", "--quiet", "--json"];
  t.is((await runCli(args("run", ...same), { program: fakeProgram })).code, 0);
  for (const other of [
    ["--seed", "1"],
    ["--temperature", "0.9"],
    ["--completion-temperature", "0.9"],
    ["--dtype", "int8"],
    ["--limit", "3"],
    ["--stop", "x"],
  ]) {
    const { code, stderr } = await runCli(args("run", ...other), { program: fakeProgram });
    t.is(code, 4, `${other.join(" ")}: ${stderr}`);
  }
});

test("a configuration file says what flags would, and flags win", async (t) => {
  const { folder, args, files } = labelRun(t);
  await runCli(args("flags", "--eta", "3", "--seed", "5"), { program: fakeProgram });
  const config = join(folder, "label.yaml");
  const lines = [
    "policy: fake",
    `problems: ${join(folder, "p.jsonl")}`,
    "num-solutions: 3",
    "num-completions: 99",
    "eta: [3]",
    "seed: 5",
    "kv-memory: 1GiB",
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const result = await runCli(
    ["label", "--config", config, "--out", join(folder, "config"), "--num-completions", "4"],
    { program: fakeProgram },
  );
  t.is(result.code, 0, result.stderr);
  t.deepEqual(files("config"), files("flags"));
});

test("a disk that takes no more is exit 3, finished records are kept, and the run goes on", async (t) => {
  const { folder, args, files } = labelRun(t);
  await runCli(args("whole"), { program: fakeProgram });
  // A limit on the size of files stands for the full disk; its signal is ignored, so that writing fails instead.
  const limited = join(folder, "limited.sh");
  const command = [process.execPath, fakeProgram, ...args("full")].map((arg) => `'${arg}'`).join(" ");
  writeFileSync(limited, `trap '' XFSZ\nulimit -f 8\nexec ${command}\n`);
  const { code, stderr } = await runShell(limited);
  t.is(code, 3, stderr);
  t.regex(stderr, /Could not write .*\.jsonl/);
  const [solutions = ""] = files("full");
  t.true(solutions === "" || solutions.endsWith("\n"), "no torn record is left");
  t.is((await runCli(args("full"), { program: fakeProgram })).code, 0);
  t.deepEqual(files("full"), files("whole"));
});

async function runShell(script: string): Promise<{ code: number | null; stderr: string }> {
  const { spawn } = await import("node:child_process");
  return new Promise((resolve) => {
    const child = spawn("bash", [script], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("close", (code) => resolve({ code, stderr }));
  });
}
