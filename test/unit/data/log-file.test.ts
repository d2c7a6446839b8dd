import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { LogFile } from "../../../src/data/log-file.js";
import type { ErprmError } from "../../../src/errors.js";
import { makeFolder } from "../../support/folder.js";

test("what was appended is read back, and its size is known", async (t) => {
  const path = join(makeFolder(t), "a.jsonl");
  const log = await LogFile.open(path, 0);
  await log.append({ a: 1 });
  await log.append("ü");
  await log.sync();
  const content = readFileSync(path);
  t.is(log.size, content.length);
  t.is(content.toString(), '{"a":1}\n"ü"\n');
  await log.close();
});

test("a file is cut back to where work goes on", async (t) => {
  const path = join(makeFolder(t, { "a.jsonl": '{"a":1}\n{"b":2}\n{"torn":' }), "a.jsonl");
  const log = await LogFile.open(path, 8);
  await log.append({ c: 3 });
  await log.close();
  t.is(readFileSync(path, "utf8"), '{"a":1}\n{"c":3}\n');
});

test("a file that is shorter than it should be is an error, and stays as it is", async (t) => {
  const path = join(makeFolder(t, { "a.jsonl": "{}\n" }), "a.jsonl");
  const error = await t.throwsAsync<ErprmError>(LogFile.open(path, 8));
  t.is(error?.code, "ERPRM_INVALID_DATA");
  t.regex(error?.message ?? "", /Expected at least 8 bytes in .*a\.jsonl, found 3/);
  t.is(readFileSync(path, "utf8"), "{}\n");
});

test("a file that is not what was written is an error before anything is cut off, wherever it was changed", async (t) => {
  const path = join(makeFolder(t), "a.jsonl");
  const log = await LogFile.open(path, 0);
  for (const a of [1, 2, 3]) await log.append({ a });
  const { size, digest } = log;
  await log.append({ a: 4 });
  await log.close();
  const whole = readFileSync(path, "utf8");
  for (const changed of [whole.replace('{"a":2}\n', ""), whole.replace("3", "5")]) {
    writeFileSync(path, changed.padEnd(whole.length, "\n"));
    const error = await t.throwsAsync<ErprmError>(LogFile.open(path, size, digest));
    t.like(error, { code: "ERPRM_INVALID_DATA", details: { file: path } });
    t.regex(error?.message ?? "", /a line was changed or removed since the last checkpoint.*--force/);
    t.is(readFileSync(path, "utf8"), changed.padEnd(whole.length, "\n"));
  }
  writeFileSync(path, whole.replace("4", "9"));
  const again = await LogFile.open(path, size, digest);
  await again.append({ a: 4 });
  await again.close();
  t.is(readFileSync(path, "utf8"), whole);
});
