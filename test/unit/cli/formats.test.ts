import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../support/folder.js";
import { cliProgram, runCli } from "../../support/run-cli.js";

const record = (index: number) => ({
  problemId: "p",
  index,
  question: "What is 2 + 2?",
  answer: "4",
  outcome: 1,
  steps: [
    { text: "Two and two.\n", numCompletions: 4, numCorrect: 3 },
    { text: "4.", numCompletions: 1, numCorrect: 1, terminal: true },
  ],
  labels: { hard: [1, 1] },
});
const labels = (count: number) => Array.from({ length: count }, (_, i) => `${JSON.stringify(record(i))}\n`).join("");

test("export writes a label that the records do not have yet, import reads it back, both say what is lost", async (t) => {
  const folder = makeFolder(t, { "l.jsonl": labels(2) });
  const [exported, imported] = [join(folder, "er.jsonl"), join(folder, "back.jsonl")];
  const out = await runCli([
    "export",
    "--format",
    "er-prm",
    "--target",
    "er:2",
    "--labels",
    join(folder, "l.jsonl"),
    "--out",
    exported,
    "--json",
  ]);
  t.is(out.code, 0, out.stderr);
  t.regex(out.stderr, /er-prm does not hold: .*reference answer/);
  t.is(JSON.parse(out.stdout).numRecords, 2);
  const back = await runCli([
    "import",
    "--format",
    "er-prm",
    "--target",
    "er:2",
    "--input",
    exported,
    "--out",
    imported,
  ]);
  t.is(back.code, 0, back.stderr);
  const [first] = readFileSync(imported, "utf8")
    .split("\n")
    .map((line) => line && JSON.parse(line));
  const expected = Math.log(0.25 + 0.75 * Math.exp(2)) / 2;
  t.true(Math.abs(first.labels["er:2"][0] - expected) < 1e-12);
  t.is(first.labels["er:2"][1], 1);
});

test("without --out records go to standard output, one JSON object a line, and nothing else does", async (t) => {
  const folder = makeFolder(t, { "l.jsonl": labels(3) });
  const args = ["export", "--format", "trl", "--target", "hard", "--labels", join(folder, "l.jsonl")];
  const { stdout } = await runCli(args);
  const records = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.is(records.length, 3);
  t.deepEqual(records[0].labels, [true, true]);
});

test("a reader that closes the pipe ends an export quietly", async (t) => {
  const folder = makeFolder(t, { "l.jsonl": labels(20_000) });
  const args = ["export", "--format", "trl", "--target", "hard", "--labels", join(folder, "l.jsonl"), "--quiet"];
  const child = spawn(process.execPath, [cliProgram, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdout.once("data", () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.once("close", resolve));
  t.is(code, 0);
  t.is(stderr, "");
});

test("a file in a directory that is not there is a wrong command line, for import and export", async (t) => {
  const folder = makeFolder(t, { "in.jsonl": "{}" });
  const out = join(folder, "none", "out.jsonl");
  for (const args of [
    ["import", "--format", "trl", "--input", join(folder, "in.jsonl")],
    ["export", "--format", "trl", "--target", "hard", "--labels", join(folder, "in.jsonl")],
  ]) {
    const { code, stderr } = await runCli([...args, "--out", out]);
    t.is(code, 2);
    t.regex(stderr, /Expected --out to name a file in a directory that is there, received .*: .*\/none is not there/);
  }
});
