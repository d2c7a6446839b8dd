import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeDirectory } from "../../../src/data/make-directory.js";
import type { ErprmError } from "../../../src/errors.js";
import { temporaryDirectory } from "./temporary-directory.js";

test("a directory is made with its parents, and one that is there is left as it is", async (t) => {
  const folder = temporaryDirectory(t);
  const path = join(folder, "a", "b", "c");
  await makeDirectory(path);
  writeFileSync(join(path, "mine"), "");
  await makeDirectory(`${path}/`);
  t.true(existsSync(join(path, "mine")));
  mkdirSync(join(folder, "real"));
  symlinkSync(join(folder, "real"), join(folder, "link"));
  await makeDirectory(join(folder, "link", "d"));
  t.true(statSync(join(folder, "real", "d")).isDirectory());
});

test("many that make one directory at once all find it there", async (t) => {
  const path = join(temporaryDirectory(t), "a", "b", "c");
  await Promise.all(Array.from({ length: 16 }, () => makeDirectory(path)));
  t.true(statSync(path).isDirectory());
});

test("a file in the place of the directory, or on the way to it, is the caller's mistake", async (t) => {
  const file = join(temporaryDirectory(t), "file");
  writeFileSync(file, "mine");
  for (const [path, found] of [
    [file, /found a file$/],
    [join(file, "run"), /found a file on the way to it$/],
    [join(file, "runs", "run"), /found a file on the way to it$/],
  ] as const) {
    const error = await t.throwsAsync<ErprmError>(makeDirectory(path));
    t.is(error.code, "ERPRM_INVALID_ARGUMENT");
    t.regex(error.message, found);
  }
});

// Where Node's recursive mkdir asks for ever.
const testInProc = existsSync("/proc/self/status") ? test : test.skip;
testInProc("where the file system makes no directory that ends in an error, not in asking for ever", async (t) => {
  for (const path of ["/proc/erprm-run", "/proc/erprm-run/a/b"]) {
    const error = await t.throwsAsync<ErprmError>(makeDirectory(path));
    t.is(error.code, "ERPRM_IO");
    t.is(error.details.path, path);
  }
});
