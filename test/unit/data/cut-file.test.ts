import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { CutFile } from "../../../src/data/cut-file.js";
import type { ErprmError } from "../../../src/errors.js";
import { makeFolder } from "../../support/folder.js";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a file goes on from a place, and what lies behind it is dropped", async (t) => {
  const path = join(makeFolder(t), "a");
  const file = await CutFile.open(path);
  await file.append(bytes("one\n"));
  const place = await file.place();
  await file.append(bytes("two\nto"));
  await file.close();
  const again = await CutFile.open(path, place);
  t.is(again.size, 4);
  await again.append(bytes("three\n"));
  await again.sync();
  t.deepEqual(Buffer.from(await again.read(0)).toString(), "one\nthree\n");
  await again.close();
  t.is(readFileSync(path, "utf8"), "one\nthree\n");
});

test("without a place a file begins anew", async (t) => {
  const path = join(makeFolder(t, { a: "old" }), "a");
  await (await CutFile.open(path)).close();
  t.is(readFileSync(path, "utf8"), "");
});

test("a file that is shorter than it was, or was changed at its end, is refused and stays", async (t) => {
  const path = join(makeFolder(t), "a");
  const file = await CutFile.open(path);
  await file.append(bytes("x".repeat(100_000)));
  const place = await file.place();
  await file.close();
  for (const changed of ["x".repeat(99_999), `${"x".repeat(99_999)}y`, `${"x".repeat(50_000)}y${"x".repeat(50_000)}`]) {
    writeFileSync(path, changed);
    const error = await t.throwsAsync<ErprmError>(CutFile.open(path, place));
    t.is(error.code, "ERPRM_INVALID_DATA");
    t.regex(error.message, /--force/);
    t.is(readFileSync(path, "utf8"), changed);
  }
});
