import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { addFiles, replaceDirectory, writeSynced } from "../../../src/data/staging.js";
import type { ErprmError } from "../../../src/errors.js";
import { makeFolder } from "../../support/folder.js";

const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC", errno: -28 });

test("a directory is replaced whole, or stays as it was when writing fails", async (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "update-1");
  await replaceDirectory(path, (staged) => writeSynced(join(staged, "a"), "1"));
  await replaceDirectory(path, (staged) => writeSynced(join(staged, "b"), "2"));
  t.deepEqual(readdirSync(path), ["b"]);
  const failing = replaceDirectory(path, async (staged) => {
    await writeSynced(join(staged, "c"), "3");
    throw full;
  });
  const error = (await t.throwsAsync(failing)) as ErprmError;
  t.is(error.code, "ERPRM_IO");
  t.regex(error.message, /Could not write .*update-1: no space left on the device; free some/);
  t.deepEqual(readdirSync(folder), ["update-1"]);
  t.deepEqual(readdirSync(path), ["b"]);
});

test("files that cannot all be written leave the directory as it was", async (t) => {
  const folder = makeFolder(t, { "config.json": "old", other: "stays" });
  const failing = addFiles(folder, "config.json", async (staged) => {
    writeFileSync(join(staged, "config.json"), "new");
    throw full;
  });
  t.is(((await t.throwsAsync(failing)) as ErprmError).code, "ERPRM_IO");
  t.deepEqual(readdirSync(folder).sort(), ["config.json", "other"]);
  t.is(readFileSync(join(folder, "config.json"), "utf8"), "old");
});

test("what no system call raised is no error of the disk", async (t) => {
  const folder = makeFolder(t);
  const defect = new TypeError("x is not a function");
  const fail = () => Promise.reject(defect);
  t.is(await t.throwsAsync(replaceDirectory(join(folder, "a"), fail)), defect);
  t.is(await t.throwsAsync(addFiles(folder, "a", fail)), defect);
});
