/** The README's examples are run as they stand; its programs with a small random model in the place of a real one. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { readRecords } from "../../src/data/read-records.js";
import { readLabels, readScores, readSolutions } from "../../src/data/read-solutions.js";
import { packageRoot } from "../../src/native/loader.js";
import { readSearches } from "../../src/search/search-record.js";
import { makeFolder } from "../support/folder.js";
import { codeBlocks, readDocument, sectionOf } from "../support/markdown.js";
import { parityModels } from "../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../support/random-model.js";
import { cliProgram } from "../support/run-cli.js";
import { writeTinyConfig } from "../support/tiny-scoring.js";

const run = promisify(execFile);
const readme = readDocument("README.md");
const programs = codeBlocks(sectionOf(readme, "Library"), "js");

/** The README's questions in a byte-level tokenizer need a longer context than other tests. */
async function writeModel(t: ExecutionContext): Promise<string> {
  const directory = makeFolder(t);
  const { config, ...rest } = parityModels.llama as RandomModel;
  await writeRandomModel(directory, { ...rest, config: { ...config, max_position_embeddings: 1024 } }, 1);
  return directory;
}

async function count(records: AsyncIterable<unknown>): Promise<number> {
  let number = 0;
  for await (const _ of records) number += 1;
  return number;
}

test("the first use that the README shows runs from top to bottom and leaves the files it names", async (t) => {
  const folder = makeFolder(t);
  const headings = [
    ...["First use", "Train and score", "Evaluate", "Fine-tune a policy on its own solutions"],
    "Search step by step",
  ];
  const sections = headings.flatMap((heading) => codeBlocks(sectionOf(readme, heading), "sh"));
  const shown = sections.join("\n");
  t.notRegex(shown, /\$\(|curl|pip/, "nothing is downloaded");
  for (const [, path = ""] of readme.matchAll(/\$\(node (\S+)\)/g)) t.true(existsSync(join(packageRoot, path)), path);
  const script = `npx() { [ "$1" = erprm ]; shift; "${process.execPath}" "${cliProgram}" "$@"; }\n${shown}`;
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], { cwd: folder });

  const numSolutions = 20;
  const runs = (path: string) => join(folder, "runs", path);
  t.is(await count(readSolutions(runs("first/solutions.jsonl"))), numSolutions);
  t.is(await count(readLabels(runs("first/labels.jsonl"))), numSolutions);
  t.true(stdout.includes(readFileSync(runs("first/labels.jsonl"), "utf8").split("\n")[0] as string));
  for await (const { labels } of readLabels(runs("other-etas/labels.jsonl"))) {
    t.deepEqual(Object.keys(labels), ["hard", "soft", "er:0.5", "er:8"]);
  }
  t.is(await count(readRecords(runs("math-shepherd.jsonl"))), numSolutions);
  t.is(await count(readRecords(runs("er-prm.jsonl"))), numSolutions);
  // The same options and seed: rolled out apart, the solutions are the same.
  t.is(readFileSync(runs("solutions/solutions.jsonl"), "utf8"), readFileSync(runs("first/solutions.jsonl"), "utf8"));
  t.is(await count(readLabels(runs("second/labels.jsonl"))), numSolutions);
  t.true(existsSync(runs("prm/adapter/adapter_config.json")));
  for (const name of ["beam", "best-of-n"]) {
    t.is(await count(readSolutions(runs(`${name}/solutions.jsonl`))), 10);
    for await (const { tokens } of readSearches(runs(`${name}/search.jsonl`))) t.true(name === "beam" || tokens <= 400);
  }
  t.is(await count(readScores(runs("scores/scores.jsonl"))), numSolutions);
  t.is(await count(readScores(runs("evaluation/scores-prm.jsonl"))), 80);
  const evaluation = (name: string) => JSON.parse(readFileSync(runs(`${name}/evaluation.json`), "utf8"));
  t.like(evaluation("evaluation"), { numProblems: 10, numSolutions: 80, numCandidates: [1, 2, 4, 8], calibration: [] });
  t.is(evaluation("calibration").calibration.length, 1);
  t.true(stdout.includes(readFileSync(runs("scores/scores.jsonl"), "utf8").split("\n")[0] as string));
  for (const name of ["raft", "raft-prm"]) {
    const { rounds, start } = JSON.parse(readFileSync(runs(`${name}/finetune.json`), "utf8"));
    t.is(rounds.length, 1);
    t.is(start.n, 5);
    t.true(existsSync(runs(`${name}/round-1/policy/config.json`)));
  }
});

/** Standard output of a program that is saved in the clone and called with these arguments. */
async function runProgram(program: string, ...args: string[]): Promise<string> {
  const options = ["--input-type=module", "--eval", program, "label.mjs", ...args];
  return (await run(process.execPath, options, { cwd: packageRoot })).stdout;
}

test("the README's program labels the solutions of its problem", async (t) => {
  const [program = ""] = programs;
  const lines = (await runProgram(program, await writeModel(t))).trim();
  t.is(lines.match(/^solution [01]: (right|wrong)$/gm)?.length, 2);
  t.true((lines.match(/^[01]\.\d{3} {2}\d of \d {2}/gm)?.length ?? 0) >= 2);
});

test("the README's program with a reward model prints the scores of its two solutions", async (t) => {
  const [, program = ""] = programs;
  const model = await writeModel(t);
  await writeTinyConfig(model);
  const lines = (await runProgram(program, model)).trimEnd().split("\n");
  t.is(lines.length, 2);
  for (const line of lines) t.regex(line, /^(0\.\d{3} ){3}minimum 0\.\d{3}$/);
  t.not(lines[0]?.slice(6), lines[1]?.slice(6), "the second steps differ");
});

test("the README's program without a model prints what its comments say", async (t) => {
  const [, , program = ""] = programs;
  const promised = [...program.matchAll(/^console\.log\(.*\); \/\/ (.+)$/gm)].map(([, comment]) => comment);
  t.is(promised.length, 3);
  t.deepEqual((await runProgram(program)).trimEnd().split("\n"), promised);
});
