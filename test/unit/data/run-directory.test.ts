import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import type { Manifest } from "../../../src/data/manifest.js";
import { type RunDescription, RunDirectory } from "../../../src/data/run-directory.js";
import { ErprmError, exitCodeOf } from "../../../src/errors.js";
import { childDescription } from "./appending-child.js";
import { temporaryDirectory } from "./temporary-directory.js";

const child = fileURLToPath(new URL("appending-child.js", import.meta.url));
const keyOf = ({ id }: { id: string }): string => id;

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "manifest.json"), "utf8"));
}

/** Runs the child; kills it with SIGKILL once the file has grown to `killAtBytes`. Resolves to whether it was killed. */
function runChild(directory: string, numRecords: number, killAtBytes = Number.POSITIVE_INFINITY): Promise<boolean> {
  const mode = killAtBytes === Number.POSITIVE_INFINITY ? "run" : "linger";
  const running = spawn(process.execPath, [child, mode, directory, String(numRecords)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const timer = setInterval(() => {
    const size = statSync(join(directory, "solutions.jsonl"), { throwIfNoEntry: false })?.size ?? 0;
    if (size >= killAtBytes) running.kill("SIGKILL");
  }, 1);
  return new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("exit", (code, signal) => {
      clearInterval(timer);
      if (signal === "SIGKILL") resolve(true);
      else if (code === 0) resolve(false);
      else reject(new Error(`child exited with ${code}`));
    });
  });
}

test("a run killed with SIGKILL at seven moments and resumed each time gives the bytes of an uninterrupted one", async (t) => {
  t.timeout(120_000);
  const directory = temporaryDirectory(t);
  const [whole, killed] = [join(directory, "whole"), join(directory, "killed")];
  const numRecords = 160;
  t.false(await runChild(whole, numRecords));
  const bytes = readFileSync(join(whole, "solutions.jsonl"));
  t.is(bytes.toString().trimEnd().split("\n").length, numRecords);
  let kills = 0;
  for (const share of [0, 0.05, 0.2, 0.35, 0.5, 0.75, 0.9]) {
    if (await runChild(killed, numRecords, share * bytes.length)) kills += 1;
    t.is(existsSync(join(killed, "manifest.json")) && manifestOf(killed).status === "complete", false);
  }
  t.is(kills, 7);
  t.false(await runChild(killed, numRecords));
  t.true(readFileSync(join(killed, "solutions.jsonl")).equals(bytes));
  t.is(manifestOf(killed).status, "complete");
  t.deepEqual(readdirSync(killed).sort(), ["manifest.json", "solutions.jsonl"]);
});

async function begin(path: string, changes: Partial<RunDescription> = {}, force = false): Promise<RunDirectory> {
  return RunDirectory.open(path, { ...childDescription, ...changes }, { force });
}

test("a finished run is complete: the same command finds nothing to do and takes no lock", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  const first = await begin(path, { options: { temperature: 0.7, topP: 1 } });
  t.false(first.complete || first.resumed);
  await first.finish({ solutions: 5 }, { total: 1.5 });
  t.like(manifestOf(path), { status: "complete", counts: { solutions: 5 }, timings: { total: 1.5 }, seed: 1 });
  for (let i = 0; i < 2; i += 1) t.true((await begin(path, { options: { topP: 1, temperature: 0.7 } })).complete);
});

test("what only an unfinished run needs stays until the manifest says complete, and goes at the latest with the next command", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  const own = { outputs: ["checkpoints"], scaffolding: ["checkpoints"] };
  const first = await begin(path, own);
  const checkpoint = join(path, "checkpoints", "update-1");
  mkdirSync(checkpoint, { recursive: true });
  await first.close();
  const second = await begin(path, own);
  t.true(existsSync(checkpoint), "a run that goes on");
  await second.finish({}, {});
  t.false(existsSync(join(path, "checkpoints")), "a run that is complete");
  // As if the process had been killed between the two.
  mkdirSync(checkpoint, { recursive: true });
  t.true((await begin(path, own)).complete);
  t.deepEqual(readdirSync(path), ["manifest.json"]);
});

test("other options, inputs, models or seeds are refused with exit code 4, each difference named", async (t) => {
  const directory = temporaryDirectory(t);
  const [path, problems] = [join(directory, "run"), join(directory, "problems.jsonl")];
  writeFileSync(problems, "1");
  const same = { options: { temperature: 0.7, topK: 5 }, inputs: { problems }, models: { policy: "abc" } };
  await (await begin(path, same)).close();
  for (const [change, expected] of [
    [{ options: { temperature: 0.8, topK: 5 } }, /option temperature was 0\.7 and is now 0\.8/],
    [{ options: { temperature: 0.7 } }, /option topK was 5 and is now not given/],
    [{ models: { policy: "abd" } }, /model policy was "abc" and is now "abd"/],
    [{ seed: 2 }, /seed was 1 and is now 2/],
    [{ stage: "label" }, /stage was "rollout" and is now "label"/],
  ] as const) {
    const error = await t.throwsAsync<ErprmError>(begin(path, { ...same, ...change } as Partial<RunDescription>));
    t.is(error.code, "ERPRM_RUN_CONFLICT");
    t.is(exitCodeOf(error), 4);
    t.regex(error.message, expected);
    t.is((error.details.differences as string[]).length, 1);
  }
  writeFileSync(problems, "2");
  const error = await t.throwsAsync<ErprmError>(begin(path, same));
  t.regex(error.message, /input problems was 6b86b273ff34 and is now d4735e3a265e/);
});

test("options that change no result, and where an input lies, may differ; another build is told", async (t) => {
  const directory = temporaryDirectory(t);
  const [path, a, b] = [join(directory, "run"), join(directory, "a"), join(directory, "b")];
  writeFileSync(a, "same");
  writeFileSync(b, "same");
  await (await begin(path, { inputs: { problems: a }, freeOptions: { threads: 1 } })).close();
  const again = await begin(path, { inputs: { problems: b }, freeOptions: { threads: 2 }, build: { version: "next" } });
  t.true(again.resumed);
  t.deepEqual(again.otherBuild, { version: "test" });
  await again.close();
});

test("records of the earlier part are there after resuming, and force starts over without them", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  const first = await begin(path);
  await (await first.appender("solutions.jsonl", keyOf)).append([{ id: "a" }, { id: "b" }]);
  await first.close();
  const second = await begin(path);
  const appender = await second.appender("solutions.jsonl", keyOf);
  t.deepEqual([appender.numRecords, appender.has("b"), appender.has("c")], [2, true, false]);
  await second.close();
  writeFileSync(join(path, "notes.txt"), "mine");
  const third = await begin(path, { seed: 2 }, true);
  t.false(third.resumed);
  t.is((await third.appender("solutions.jsonl", keyOf)).numRecords, 0);
  t.is(readFileSync(join(path, "notes.txt"), "utf8"), "mine");
  t.is(manifestOf(path).seed, 2);
  await third.close();
});

test("a start-over that was cut short while removing old files is carried on, never mixed with them", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  const first = await begin(path);
  await first.close();
  writeFileSync(join(path, "solutions.jsonl"), '{"id":"old"}\n');
  writeFileSync(join(path, "manifest.json"), JSON.stringify({ ...manifestOf(path), status: "clearing" }));
  const second = await begin(path);
  t.is((await second.appender("solutions.jsonl", keyOf)).numRecords, 0);
  await second.close();
});

test("force does not remove an input, and a failing start-over leaves the old run", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  await (await begin(path)).close();
  const solutions = join(path, "solutions.jsonl");
  writeFileSync(solutions, '{"id":"old"}\n');
  const before = readFileSync(join(path, "manifest.json"));
  const error = await t.throwsAsync<ErprmError>(begin(path, { seed: 2, inputs: { solutions } }, true));
  t.is(error.code, "ERPRM_RUN_CONFLICT");
  const missing = await t.throwsAsync<ErprmError>(
    begin(path, { seed: 2, inputs: { problems: join(path, "none") } }, true),
  );
  t.is(missing.code, "ERPRM_NOT_FOUND");
  t.is(readFileSync(solutions, "utf8"), '{"id":"old"}\n');
  t.deepEqual(readFileSync(join(path, "manifest.json")), before);
  await (await begin(path)).close();
});

test("force removes nothing outside the directory, whatever the old manifest lists", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "run");
  await (await begin(path)).close();
  const outside = join(directory, "outside.txt");
  writeFileSync(outside, "keep");
  const outputs = ["../outside.txt", outside, ".", "..", "", "solutions.jsonl"];
  writeFileSync(join(path, "manifest.json"), JSON.stringify({ ...manifestOf(path), outputs }));
  await (await begin(path, { seed: 2 }, true)).close();
  t.is(readFileSync(outside, "utf8"), "keep");
});

test("a directory with other files and no manifest is not taken for a run directory", async (t) => {
  const path = temporaryDirectory(t);
  writeFileSync(join(path, "thesis.tex"), "");
  const error = await t.throwsAsync<ErprmError>(begin(path));
  t.is(error.code, "ERPRM_RUN_CONFLICT");
  t.regex(error.message, /thesis\.tex/);
  t.deepEqual(readdirSync(path), ["thesis.tex"]);
});

test("a manifest that is none is an error with its path, and stays whatever force says", async (t) => {
  const path = temporaryDirectory(t);
  writeFileSync(join(path, "manifest.json"), '{"name":"web app"}');
  for (const force of [false, true]) {
    const error = await t.throwsAsync<ErprmError>(begin(path, {}, force));
    t.is(error.code, "ERPRM_INVALID_DATA");
    t.is(error.details.file, join(path, "manifest.json"));
  }
  t.is(readFileSync(join(path, "manifest.json"), "utf8"), '{"name":"web app"}');
});

test("a file where the directory should be is the caller's mistake", async (t) => {
  const path = join(temporaryDirectory(t), "file");
  writeFileSync(path, "mine");
  const error = await t.throwsAsync<ErprmError>(begin(path, {}, true));
  t.is(error.code, "ERPRM_INVALID_ARGUMENT");
  t.true(error.message.includes(path), error.message);
  t.is(readFileSync(path, "utf8"), "mine");
});

test("force removes no file that only has the name of an output: without a manifest, and beside a run that does not list it", async (t) => {
  const stray = join(temporaryDirectory(t), "stray");
  mkdirSync(stray);
  writeFileSync(join(stray, "solutions.jsonl"), "mine\n");
  const first = await t.throwsAsync<ErprmError>(begin(stray, {}, true));
  t.is(first.code, "ERPRM_RUN_CONFLICT");
  t.regex(first.message, /found solutions\.jsonl, which none wrote; move them away/);
  t.deepEqual(readdirSync(stray), ["solutions.jsonl"]);

  const path = join(temporaryDirectory(t), "run");
  await (await begin(path)).close();
  writeFileSync(join(path, "labels.jsonl"), "mine\n");
  const labels = { stage: "label", outputs: ["labels.jsonl"] };
  const second = await t.throwsAsync<ErprmError>(begin(path, labels, true));
  t.is(second.code, "ERPRM_RUN_CONFLICT");
  t.is(readFileSync(join(path, "labels.jsonl"), "utf8"), "mine\n");
  t.is(manifestOf(path).stage, "rollout");
});

test("of another stage's run the stage alone is named, not every option that only one of the two has", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  await (await begin(path, { options: { temperature: 0.7 } })).close();
  const error = await t.throwsAsync<ErprmError>(begin(path, { stage: "evaluate", options: { numCandidates: 4 } }));
  t.deepEqual(error.details.differences, ['stage was "rollout" and is now "evaluate"']);
  t.notRegex(error.message, /temperature|numCandidates/);
});

test("two runs never write one directory: the second is refused while the first is open", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  const first = await begin(path);
  const error = await t.throwsAsync<ErprmError>(begin(path));
  t.is(error.code, "ERPRM_RUN_CONFLICT");
  t.is(error.details.pid, process.pid);
  await first.close();
  await first.close();
  await (await begin(path)).close();
});

for (const [what, holder] of [
  ["of a process that is gone", { pid: 2 ** 22 + 1 }],
  ["of an earlier process with this pid", { pid: process.pid, startTime: "1" }],
  ["of an earlier boot", { bootId: "other" }],
  ["that is empty", undefined],
] as const) {
  test(`a lock ${what} is taken over, by one of many that try at once`, async (t) => {
    const path = join(temporaryDirectory(t), "run");
    const first = await begin(path);
    const lock = JSON.parse(readFileSync(join(path, "lock"), "utf8"));
    await first.close();
    writeFileSync(join(path, "lock"), holder ? JSON.stringify({ ...lock, ...holder }) : "");
    const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => begin(path)));
    const opened = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    t.is(opened.length, 1);
    for (const attempt of attempts) {
      if (attempt.status === "rejected") t.is((attempt.reason as ErprmError).code, "ERPRM_RUN_CONFLICT");
    }
    await opened[0]?.close();
    t.deepEqual(readdirSync(path), ["manifest.json"]);
  });
}

test("a lock of another machine is respected, and the message says how to remove it", async (t) => {
  const path = join(temporaryDirectory(t), "run");
  mkdirSync(path);
  writeFileSync(join(path, "lock"), JSON.stringify({ pid: 1, startTime: "1", bootId: "x", host: "elsewhere" }));
  const error = await t.throwsAsync<ErprmError>(begin(path));
  t.is(error.code, "ERPRM_RUN_CONFLICT");
  t.regex(error.message, /elsewhere.*remove/);
  t.true(error instanceof ErprmError);
});
