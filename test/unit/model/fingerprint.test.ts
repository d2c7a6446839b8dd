import { createHash } from "node:crypto";
import { join } from "node:path";
import test from "ava";
import { fingerprint } from "../../../src/model/fingerprint.js";
import { makeFolder } from "../../support/folder.js";

const paths = (folder: string) => ["a", "b"].map((name) => ({ name, path: join(folder, name) }));

test("the fingerprint is SHA-256 over names, sizes and contents, in the order of the names", async (t) => {
  const folder = makeFolder(t, { a: "12", b: "345" });
  const expected = createHash("sha256").update('["a",2]\n12["b",3]\n345').digest("hex");
  t.is(await fingerprint(paths(folder)), expected);
  t.is(await fingerprint(paths(folder).reverse()), expected);
});

test("content that moves from one file to the next changes the fingerprint", async (t) => {
  t.not(
    await fingerprint(paths(makeFolder(t, { a: "12", b: "345" }))),
    await fingerprint(paths(makeFolder(t, { a: "123", b: "45" }))),
  );
});

test("a file of several chunks is read whole and in order", async (t) => {
  const content = Buffer.alloc(9_000_001);
  for (let at = 0; at < content.length; at += 4) content.writeUInt8(at % 251, at);
  const folder = makeFolder(t, { a: content });
  const expected = createHash("sha256").update(`["a",${content.length}]\n`).update(content).digest("hex");
  t.is(await fingerprint([{ name: "a", path: join(folder, "a") }]), expected);
});

test("reading stops when the signal is aborted", async (t) => {
  const folder = makeFolder(t, { a: "12", b: "345" });
  await t.throwsAsync(fingerprint(paths(folder), AbortSignal.abort()), { code: "ERPRM_ABORTED" });
});
