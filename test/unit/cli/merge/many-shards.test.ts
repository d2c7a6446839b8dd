/** More shards than a process may have open files: one of a real run, and copies of it that differ in their problem. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../../support/folder.js";
import { cliProgram, fakeProgram, runCli } from "../../../support/run-cli.js";

const numShards = 2000;
const numFiles = 128;
const idOf = (i: number) => `problem-${i}-`;

test("2,000 shards are merged by a process that may have 128 files open", async (t) => {
  const problems = Array.from({ length: numShards }, (_, i) =>
    JSON.stringify({ id: idOf(i), question: "What is 2 + 2?", answer: "4" }),
  );
  const folder = makeFolder(t, { "p.jsonl": `${problems.join("\n")}\n` });
  const path = (...names: string[]) => join(folder, ...names);
  const rollout = ["rollout", "--policy", "fake", "--problems", path("p.jsonl"), "--num-solutions", "1"];
  const first = await runCli([...rollout, "--shard", `0/${numShards}`, "--out", path("s")], { program: fakeProgram });
  t.is(first.code, 0, first.stderr);
  const shard = (i: number, ...names: string[]) => path("s", `shard-${i}-of-${numShards}`, ...names);
  for (let i = 1; i < numShards; i += 1) {
    mkdirSync(shard(i));
    for (const file of ["manifest.json", "shard.jsonl", "solutions.jsonl"]) {
      const text = readFileSync(shard(0, file), "utf8");
      writeFileSync(
        shard(i, file),
        text.replaceAll(idOf(0), idOf(i)).replaceAll(`"0/${numShards}"`, `"${i}/${numShards}"`),
      );
    }
  }
  const merge = `ulimit -n ${numFiles}; exec "$0" "$@"`;
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", merge, process.execPath, cliProgram, "merge", "--quiet", "--out", path("merged"), path("s")],
    { encoding: "utf8" },
  );
  t.is(status, 0, stderr);
  const solutions = readFileSync(path("merged", "solutions.jsonl"), "utf8").trimEnd().split("\n");
  t.deepEqual(
    solutions.map((line) => (JSON.parse(line) as { problemId: string }).problemId),
    Array.from({ length: numShards }, (_, i) => idOf(i)),
  );
});
