import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { QueuedLabelFiles } from "../../../../src/cli/label/queued-files.js";
import { refuseSetAside } from "../../../../src/cli/label/set-aside.js";
import { LabelTally } from "../../../../src/cli/tally.js";
import { RunDirectory } from "../../../../src/data/run-directory.js";
import type { UnitResult } from "../../../../src/queue/messages.js";
import type { LabelRecord, Problem, Solution } from "../../../../src/types.js";
import { makeFolder } from "../../../support/folder.js";

const problem = (id: string): Problem => ({ id, question: "1 + 1?", answer: "2" });
const worker = { id: "w", host: "node", pid: 9 };

function solution(problemId: string, index: number): Solution {
  return { problemId, index, question: "1 + 1?", answer: "2", steps: ["so ", "2"], finalAnswer: "2", outcome: 1 };
}

function label(problemId: string, index: number): LabelRecord {
  const { steps: _, ...common } = solution(problemId, index);
  const steps = [
    { text: "so ", numCompletions: 2, numCorrect: 1 },
    { text: "2", numCompletions: 1, numCorrect: 1, terminal: true as const },
  ];
  return { ...common, steps, labels: { hard: [1, 1], soft: [0.5, 1] } };
}

const completion = (problemId: string, index: number, completionIndex: number) => {
  return { problemId, index, stepIndex: 0, completionIndex, text: "2", outcome: 1, finishReason: "stop" };
};

function resultOf(id: string): UnitResult {
  const indices = [0, 1];
  const records = {
    solutions: indices.map((index) => solution(id, index)),
    labels: indices.map((index) => label(id, index)),
    completions: indices.flatMap((index) => [completion(id, index, 0), completion(id, index, 1)]),
  };
  return { worker, seconds: 1, tries: 1, records };
}

const unit = (id: string, place: number) => ({ place, name: `problem ${id}`, payload: problem(id) });

async function open(t: ExecutionContext, folder = makeFolder(t)) {
  const outputs = ["labels.jsonl", "solutions.jsonl", "completions.jsonl", "failed.jsonl"];
  const description = { stage: "label", options: {}, seed: 0, inputs: {}, build: {}, outputs };
  const run = await RunDirectory.open(folder, description);
  t.teardown(() => run.close());
  const tally = new LabelTally();
  const files = await QueuedLabelFiles.open(run, tally, { unit: "problem", numSolutions: 2, keepCompletions: true });
  t.teardown(() => files.close());
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { folder, run, tally, files, read };
}

test("a unit is written to every file and is done then, in a later call too", async (t) => {
  const { folder, run, tally, files, read } = await open(t);
  t.false(files.isDone(problem("a")));
  t.deepEqual(await files.write([{ unit: unit("a", 0), result: resultOf("a") }]), [2]);
  t.true(files.isDone(problem("a")));
  t.is(tally.counts.labelled, 2);
  const lines = (name: string) => read(name).trimEnd().split("\n").length;
  t.deepEqual(["solutions.jsonl", "labels.jsonl", "completions.jsonl"].map(lines), [2, 2, 4]);
  await files.close();
  await run.close();
  const later = await open(t, folder);
  t.is(later.files.recordsBefore, 2);
  t.is(later.tally.counts.labelled, 2);
  t.true(later.files.isDone(problem("a")));
  await later.files.close();
});

test("failed.jsonl is there from the first unit on that was set aside, and no sooner", async (t) => {
  const { folder, files, run } = await open(t);
  const isThere = () => existsSync(join(folder, "failed.jsonl"));
  await files.write([{ unit: unit("a", 0), result: resultOf("a") }]);
  t.false(isThere());
  await files.close();
  await run.close();
  const { files: later } = await open(t, folder);
  t.false(isThere());
  t.is(later.numFailed, 0);
  const failure = { worker, seconds: 0, tries: 3, failure: { reason: "too long" } };
  await later.write([{ unit: unit("b", 1), result: failure }]);
  t.true(isThere());
});

test("a unit that a kill cut in two is completed, nothing of it is doubled", async (t) => {
  const whole = await open(t);
  await whole.files.write([{ unit: unit("a", 0), result: resultOf("a") }]);
  const names = ["solutions.jsonl", "labels.jsonl", "completions.jsonl"];
  const expected = names.map(whole.read);
  const { files, read, folder, run } = await open(t);
  const half = resultOf("a");
  const { solutions = [], labels = [], completions = [] } = half.records ?? {};
  const records = { solutions, labels: labels.slice(0, 1), completions: completions.slice(0, 2) };
  await files.write([{ unit: unit("a", 0), result: { ...half, records } }]);
  t.false(files.isDone(problem("a")));
  await files.close();
  await run.close();
  const later = await open(t, folder);
  t.deepEqual(await later.files.write([{ unit: unit("a", 0), result: resultOf("a") }]), [1]);
  t.deepEqual(names.map(read), expected);
});

test("a unit that failed stands in failed.jsonl with its reason, is done, and keeps other commands from going on", async (t) => {
  const { folder, files, read, run } = await open(t);
  await t.notThrowsAsync(refuseSetAside(run));
  const result = { worker, seconds: 0, tries: 3, failure: { reason: "too long", code: "ERPRM_INVALID_DATA" } };
  files.check(unit("a", 0), result);
  t.deepEqual(
    await files.write([
      { unit: unit("a", 0), result },
      { unit: unit("b", 1), result: resultOf("b") },
    ]),
    [0, 2],
  );
  t.deepEqual(JSON.parse(read("failed.jsonl")), {
    problemId: "a",
    tries: 3,
    reason: "too long",
    code: "ERPRM_INVALID_DATA",
    worker: "node:9",
    unit: problem("a"),
  });
  t.true(files.isDone(problem("a")) && files.isDone(problem("b")));
  t.is(files.numFailed, 1);
  await t.throwsAsync(refuseSetAside(run), { code: "ERPRM_RUN_CONFLICT", message: /go on with --queue/ });
  await files.close();
  await run.close();
  const { files: later } = await open(t, folder);
  t.is(later.numFailed, 1);
  t.true(later.isDone(problem("a")));
  await later.write([{ unit: unit("c", 2), result }]);
  t.is(read("failed.jsonl").trimEnd().split("\n").length, 2, "a later call adds to it");
});

test("records of another unit, too few of them, and what is no record are refused", async (t) => {
  const { files } = await open(t);
  t.notThrows(() => files.check(unit("a", 0), resultOf("a")));
  const { records = {} } = resultOf("a");
  const wrong: UnitResult["records"][] = [
    resultOf("b").records,
    { ...records, labels: (records.labels ?? []).slice(1) },
    { ...records, solutions: [] },
    { ...records, completions: (records.completions ?? []).slice(1) },
    { ...records, labels: [{}, {}] },
    { ...records, labels: [...(records.labels ?? [])].reverse() },
    undefined,
  ];
  for (const one of wrong) {
    const result = { worker, seconds: 1, tries: 1, ...(one && { records: one }) };
    t.throws(() => files.check(unit("a", 0), result), { code: "ERPRM_INVALID_DATA" });
  }
});
