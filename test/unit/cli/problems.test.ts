import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { readProblems } from "../../../src/data/read-problems.js";
import { generateProblems } from "../../../src/problems/generate.js";
import { makeFolder } from "../../support/folder.js";
import { runCli } from "../../support/run-cli.js";

const lines = (text: string) => text.trimEnd().split("\n");

test("problems are written to a file that the product reads back, compressed where its name says so", async (t) => {
  const out = join(makeFolder(t), "problems.jsonl.gz");
  const args = ["--split", "held-out", "--num", "70", "--seed", "5", "--difficulty", "hard", "--out", out, "--json"];
  const { code, stdout, stderr } = await runCli(["problems", ...args]);
  t.is(code, 0, stderr);
  const settings = { split: "held-out", seed: 5, difficulty: "hard" } as const;
  t.deepEqual(JSON.parse(stdout), { stage: "problems", ...settings, out, numProblems: 70 });
  const expected = [...generateProblems({ ...settings, num: 70 })];
  t.deepEqual(
    lines(gunzipSync(readFileSync(out)).toString()).map((line) => JSON.parse(line)),
    expected,
  );
  const read = [];
  for await (const problem of readProblems(out)) read.push(problem);
  t.deepEqual(read, expected);
});

test("without --out problems go to standard output, the same at every call", async (t) => {
  const [first, second] = [await runCli(["problems", "--num", "3"]), await runCli(["problems", "--num", "3"])];
  t.is(first.stdout, second.stdout);
  t.deepEqual(
    lines(first.stdout).map((line) => JSON.parse(line).id),
    ["word-test-0", "word-test-1", "word-test-2"],
  );
});

test("a file that is there stays as it is without --force", async (t) => {
  const out = join(makeFolder(t), "problems.jsonl");
  writeFileSync(out, "mine\n");
  const refused = await runCli(["problems", "--num", "2", "--out", out]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /--force replaces it/);
  t.is(readFileSync(out, "utf8"), "mine\n");
  t.is((await runCli(["problems", "--num", "2", "--out", out, "--force", "--quiet"])).code, 0);
  t.is(lines(readFileSync(out, "utf8")).length, 2);
});

for (const file of ["problems.jsonl", "problems.jsonl.gz", "problems.parquet"]) {
  test(`the same command again finds its problems in ${file} and does not write them; another one is refused`, async (t) => {
    const out = join(makeFolder(t), file);
    const make = (...more: string[]) => runCli(["problems", "--num", "3", "--out", out, ...more]);
    t.is((await make()).code, 0);
    const written = [statSync(out).ino, readFileSync(out).toString("hex")];
    const again = await make("--json");
    t.is(again.code, 0, again.stderr);
    t.like(JSON.parse(again.stdout), { stage: "problems", out, numProblems: 3 });
    t.deepEqual([statSync(out).ino, readFileSync(out).toString("hex")], written);
    for (const other of [["3", "--seed", "1"], ["2"], ["4"]]) {
      const refused = await runCli(["problems", "--out", out, "--num", ...other]);
      t.is(refused.code, 2, other.join(" "));
      t.regex(refused.stderr, /holds something else; --force replaces it/);
    }
    t.deepEqual([statSync(out).ino, readFileSync(out).toString("hex")], written);
  });
}
