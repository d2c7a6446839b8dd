import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { JsonlAppender } from "../../../src/data/jsonl-appender.js";
import type { ErprmError } from "../../../src/errors.js";
import { temporaryDirectory } from "./temporary-directory.js";

const child = fileURLToPath(new URL("appending-child.js", import.meta.url));

interface Named {
  id: string;
  text?: string;
}
const keyOf = ({ id }: Named): string => id;

test("appended records are whole lines in order, also when calls overlap", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  const appender = await JsonlAppender.open(path, keyOf);
  await Promise.all([
    appender.append([{ id: "a" }, { id: "b" }]),
    appender.append([]),
    appender.append([{ id: "c", text: "é\n" }]),
  ]);
  await appender.close();
  t.is(readFileSync(path, "utf8"), '{"id":"a"}\n{"id":"b"}\n{"id":"c","text":"é\\n"}\n');
});

test("a torn last line is dropped on resume wherever it was torn, and the record can be appended again", async (t) => {
  const directory = temporaryDirectory(t);
  const line = `{"id":"b","text":"${"é".repeat(70_000)}"}`;
  for (const [i, kept] of [1, 9, 20, 65_535, 65_536, 65_537, Buffer.byteLength(line)].entries()) {
    const path = join(directory, `${i}.jsonl`);
    writeFileSync(path, '{"id":"a"}\n');
    appendFileSync(path, Buffer.from(line).subarray(0, kept));
    const appender = await JsonlAppender.open(path, keyOf);
    t.is(readFileSync(path, "utf8"), '{"id":"a"}\n');
    t.deepEqual([appender.has("a"), appender.has("b")], [true, false]);
    await appender.append([JSON.parse(line)]);
    await appender.close();
    t.true(readFileSync(path, "utf8") === `{"id":"a"}\n${line}\n`);
  }
});

test("a file that is one torn line becomes empty", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  writeFileSync(path, '{"id":');
  const appender = await JsonlAppender.open(path, keyOf);
  t.is(appender.numRecords, 0);
  await appender.close();
  t.is(readFileSync(path, "utf8"), "");
});

for (const [what, text, line] of [
  ["a record that does not parse", '{"id":"a"}\n{"id":\n{"id":"c"}\n', 2],
  ["a repeated record", '{"id":"a"}\n{"id":"b"}\n{"id":"a"}\n', 3],
  ["an empty line", '{"id":"a"}\n\n', 2],
  ["a record of something else", '{"id":"a"}\nnull\n', 2],
] as const) {
  test(`${what} in the middle is an error with its line, and the file stays as it is`, async (t) => {
    const path = join(temporaryDirectory(t), "a.jsonl");
    writeFileSync(path, text);
    const error = await t.throwsAsync<ErprmError>(JsonlAppender.open(path, keyOf));
    t.is(error.code, "ERPRM_INVALID_DATA");
    t.deepEqual([error.details.line, error.details.file], [line, path]);
    t.is(readFileSync(path, "utf8"), text);
  });
}

test("a key that is there, from before or in the same batch, is refused and nothing is written", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  writeFileSync(path, '{"id":"a"}\n');
  const appender = await JsonlAppender.open(path, keyOf);
  for (const batch of [
    [{ id: "b" }, { id: "a" }],
    [{ id: "b" }, { id: "b" }],
  ]) {
    const error = await t.throwsAsync<ErprmError>(appender.append(batch));
    t.is(error.code, "ERPRM_INVALID_ARGUMENT");
    t.is(readFileSync(path, "utf8"), '{"id":"a"}\n');
  }
  await appender.append([{ id: "b" }]);
  t.is(appender.numRecords, 2);
  await appender.close();
});

const fullTest = existsSync("/dev/full") ? test : test.skip;

fullTest("a full disk is ERPRM_IO with the path and what to do", async (t) => {
  const appender = await JsonlAppender.open("/dev/full", keyOf);
  const error = await t.throwsAsync<ErprmError>(appender.append([{ id: "a" }]));
  t.is(error.code, "ERPRM_IO");
  t.is(error.details.path, "/dev/full");
  t.is(error.details.code, "ENOSPC");
  t.regex(error.message, /\/dev\/full: no space left/);
  t.false(appender.has("a"));
  await appender.close();
});

/** The child may write files of at most 100 kB, so that a write ends in the middle of a record as on a full disk. */
function runLimited(mode: string, path: string): Record<string, unknown> {
  const command = 'ulimit -f 200; exec "$0" "$@"';
  return JSON.parse(execFileSync("sh", ["-c", command, process.execPath, child, mode, path], { encoding: "utf8" }));
}

test("when a write runs out of space the file is cut back to whole records, and they are kept", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  const { code, message, details, numRecords } = runLimited("fill", path);
  t.is(code, "ERPRM_IO");
  t.regex(String(message), /a\.jsonl/);
  t.is((details as { path: string }).path, path);
  const lines = readFileSync(path, "utf8").split("\n");
  t.is(lines.pop(), "");
  t.is(lines.length, numRecords as number);
  t.true(lines.length > 5);
  for (const [i, line] of lines.entries()) t.is(JSON.parse(line).id, `p${i}`);
});

test("a file that does not fit leaves the old one and no part of the new", (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "a.jsonl");
  writeFileSync(path, '{"id":"old"}\n');
  const { code, details } = runLimited("replace", path);
  t.is(code, "ERPRM_IO");
  t.is((details as { path: string }).path, path);
  t.is(readFileSync(path, "utf8"), '{"id":"old"}\n');
  t.deepEqual(readdirSync(directory), ["a.jsonl"]);
});
