import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { RunDirectory } from "../../../../src/data/run-directory.js";
import { makeFolder } from "../../../support/folder.js";
import { runCli } from "../../../support/run-cli.js";

const sizes = ["--num-problems", "4", "--num-test-problems", "3"];
const demo = (out: string, ...more: string[]) => runCli(["demo", ...sizes, "--out", out, ...more]);

/** Everything in the folder and what is in it. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

function makeMine(t: ExecutionContext): { folder: string; before: Record<string, string> } {
  const folder = makeFolder(t, {
    "problems.jsonl": '{"question":"mine","answer":"1"}\n',
    "report.html": "<p>my page</p>",
  });
  return { folder, before: contents(folder) };
}

for (const more of [[], ["--force"]]) {
  test(`a demo leaves a directory with a user's problems and page as it is${more.length > 0 ? ", also with --force" : ""}`, async (t) => {
    const { folder, before } = makeMine(t);
    const { code, stderr } = await demo(folder, ...more);
    t.is(code, 4);
    t.regex(stderr, /problems\.jsonl/);
    t.regex(stderr, /choose another directory/);
    t.deepEqual(contents(folder), before);
  });
}

/** As a demo of other sizes leaves it at its beginning. */
async function makeOtherDemo(t: ExecutionContext): Promise<string> {
  const folder = join(makeFolder(t), "demo");
  const options = { numProblems: 9, numTestProblems: 3, numSolutions: 4, numCandidates: 16, numCompletions: 16 };
  const outputs = ["problems.jsonl", "test-problems.jsonl"];
  const run = await RunDirectory.open(folder, { stage: "demo", options, seed: 0, inputs: {}, build: {}, outputs });
  await run.close();
  writeFileSync(join(folder, "problems.jsonl"), "of nine\n");
  return folder;
}

test("a demo of other sizes is refused before any of its files changes, and the way out that is named is one", async (t) => {
  const folder = await makeOtherDemo(t);
  const before = contents(folder);
  const { code, stderr } = await demo(folder);
  t.is(code, 4);
  t.regex(stderr, /option numProblems was 9 and is now 4\. Choose another directory, or start over with --force/);
  t.deepEqual(contents(folder), before);
  const { stdout: help } = await runCli(["demo", "--help"]);
  t.regex(help, /^ +--force +start over/m);
});

test("a page of the user's in the demo's directory is not replaced, and that is said before anything is computed", async (t) => {
  const folder = await makeOtherDemo(t);
  writeFileSync(join(folder, "report.html"), "<p>my page</p>");
  const { code, stderr } = await demo(folder, "--force");
  t.is(code, 4);
  t.regex(stderr, /Expected .*report\.html to be a report of erprm, or not there, found something else; move it away/);
  t.notRegex(stderr, /1 of 13/);
  t.is(readFileSync(join(folder, "report.html"), "utf8"), "<p>my page</p>");
});

test("problems of the demo's that somebody changed are not written over", async (t) => {
  const folder = join(makeFolder(t), "demo");
  const options = { numProblems: 4, numTestProblems: 3, numSolutions: 4, numCandidates: 16, numCompletions: 16 };
  const description = { stage: "demo", options, seed: 0, inputs: {}, build: {}, outputs: ["problems.jsonl"] };
  await (await RunDirectory.open(folder, description)).close();
  writeFileSync(join(folder, "problems.jsonl"), '{"question":"mine","answer":"1"}\n');
  const { code, stderr } = await demo(folder);
  t.is(code, 2);
  t.regex(stderr, /problems\.jsonl is there and holds something else; --force replaces it/);
  t.is(readFileSync(join(folder, "problems.jsonl"), "utf8"), '{"question":"mine","answer":"1"}\n');
});
