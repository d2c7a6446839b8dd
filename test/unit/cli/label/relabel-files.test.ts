import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { readCheckpoint } from "../../../../src/cli/label/relabel-checkpoint.js";
import { checkpointFile, keysFile, RelabelFiles } from "../../../../src/cli/label/relabel-files.js";
import { KeyDigest } from "../../../../src/data/key-digest.js";
import { RunDirectory } from "../../../../src/data/run-directory.js";
import type { ErprmError } from "../../../../src/errors.js";
import { noSums } from "../../../../src/stages/relabel-block.js";
import { makeFolder } from "../../../support/folder.js";

const names = ["hard", "soft"];
const input = { sha256: "0", device: "1", inode: "2", size: "3", modified: "4", changed: "5" };

/** A block of one line for each of these solutions of a problem. */
function block(problemId: string, indices: readonly number[], end: number) {
  const keys = new Uint32Array(4 * indices.length);
  const digest = new KeyDigest();
  for (const [i, index] of indices.entries()) digest.write(problemId, index, keys, 4 * i);
  const bytes = new TextEncoder().encode(indices.map((index) => `${problemId} ${index}\n`).join(""));
  const sums = { ...noSums(names), labelled: indices.length, labels: [1, 0.5] };
  return { bytes, keys, numLines: indices.length, sums, end, line: end };
}

function runOf(t: ExecutionContext) {
  const path = join(makeFolder(t), "run");
  const description = { stage: "label", options: {}, seed: 0, inputs: {}, build: {}, outputs: ["labels.jsonl"] };
  const open = async () => {
    const run = await RunDirectory.open(path, description);
    return { run, files: await RelabelFiles.open(run, input, names, await readCheckpoint(run.file(checkpointFile))) };
  };
  const close = async ({ run, files }: Awaited<ReturnType<typeof open>>) => {
    await files.close();
    await run.close();
  };
  return { path, open, close };
}

test("a call goes on from the checkpoint: files, place, sums, problems and keys are what they were", async (t) => {
  const { path, open, close } = runOf(t);
  const first = await open();
  t.true(await first.files.add(block("a", [0, 1], 2)));
  t.true(await first.files.add(block("b", [0], 3)));
  await first.files.checkpoint();
  const sums = structuredClone(first.files.sums);
  t.true(await first.files.add(block("c", [0], 4)));
  await close(first);
  t.is(readFileSync(join(path, "labels.jsonl"), "utf8"), "a 0\na 1\nb 0\nc 0\n");

  const second = await open();
  t.is(readFileSync(join(path, "labels.jsonl"), "utf8"), "a 0\na 1\nb 0\n");
  t.deepEqual(second.files.read, { end: 3, line: 3 });
  t.deepEqual(second.files.sums, sums);
  t.like(second.files.sums, { problems: 2, labelled: 3, labels: [2, 1] });
  t.is(second.files.numRecords, 3);
  t.false(await second.files.add(block("a", [1], 4)), "a key from before the checkpoint");
  t.is(readFileSync(join(path, "labels.jsonl"), "utf8"), "a 0\na 1\nb 0\n");
  await close(second);
});

test("without a checkpoint a call begins anew", async (t) => {
  const { path, open, close } = runOf(t);
  const first = await open();
  await first.files.add(block("a", [0], 1));
  await close(first);
  const second = await open();
  t.is(second.files.numRecords, 0);
  t.true(await second.files.add(block("a", [0], 1)));
  await close(second);
  t.is(readFileSync(join(path, "labels.jsonl"), "utf8"), "a 0\n");
});

for (const file of ["labels.jsonl", keysFile]) {
  test(`a ${file} that is not what the checkpoint says is refused`, async (t) => {
    const { path, open, close } = runOf(t);
    const first = await open();
    await first.files.add(block("a", [0], 1));
    await first.files.checkpoint();
    await close(first);
    t.true(existsSync(join(path, checkpointFile)));
    writeFileSync(join(path, file), "other\nlines\nthan\nthose\n");
    const error = await t.throwsAsync<ErprmError>(open());
    t.is(error.code, "ERPRM_INVALID_DATA");
    t.regex(error.message, /--force/);
  });
}
