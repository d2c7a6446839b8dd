import { join } from "node:path";
import test from "ava";
import { bytesOfLines } from "../../../src/data/line-offset.js";
import { ErprmError } from "../../../src/errors.js";
import { makeFolder } from "../../support/folder.js";

test("the bytes of the first lines end behind their line ends, in bytes and across chunks", async (t) => {
  const long = "x".repeat(300_000);
  const folder = makeFolder(t, { "a.jsonl": `é\n${long}\n\nlast\ntorn` });
  const path = join(folder, "a.jsonl");
  t.is(await bytesOfLines(path, 0), 0);
  t.is(await bytesOfLines(path, 1), 3);
  t.is(await bytesOfLines(path, 2), 3 + 300_001);
  t.is(await bytesOfLines(path, 3), 3 + 300_002);
  t.is(await bytesOfLines(path, 4), 3 + 300_007);
});

test("a file with fewer whole lines is ERPRM_INVALID_DATA; one that is not there has none", async (t) => {
  const folder = makeFolder(t, { "a.jsonl": "1\n2\ntorn" });
  for (const [name, received] of [
    ["a.jsonl", 2],
    ["none.jsonl", 0],
  ] as const) {
    const error = await t.throwsAsync(bytesOfLines(join(folder, name), 3), { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_INVALID_DATA");
    t.deepEqual(error?.details, { file: join(folder, name), expected: 3, received });
  }
  t.is(await bytesOfLines(join(folder, "none.jsonl"), 0), 0);
});
