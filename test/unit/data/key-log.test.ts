import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { JsonlAppender } from "../../../src/data/jsonl-appender.js";
import { KeyLog, keyLogFiles } from "../../../src/data/key-log.js";
import { KeySet } from "../../../src/data/key-set.js";
import { RunDirectory } from "../../../src/data/run-directory.js";
import type { ErprmError } from "../../../src/errors.js";
import { makeFolder } from "../../support/folder.js";

const place = { size: 12, tail: "ab" };

async function written(t: ExecutionContext, numKeys: number) {
  const path = join(makeFolder(t), "a.jsonl");
  const log = new KeyLog(path);
  for (let i = 0; i < numKeys; i += 1) log.add(`p ${i}`);
  await log.checkpoint(place);
  await log.close();
  return path;
}

test("keys that were noted are there again, in any number", async (t) => {
  for (const numKeys of [0, 1, 1024, 5000]) {
    const path = await written(t, numKeys);
    const keys = new KeySet();
    const log = new KeyLog(path);
    t.is(await log.restore(keys, async (size) => ({ ...place, size })), place.size);
    t.is(keys.size, numKeys);
    for (let i = 0; i < numKeys; i += 1) if (!keys.has(`p ${i}`)) t.fail(`p ${i}`);
    log.add("more");
    await log.checkpoint({ size: 20, tail: "cd" });
    await log.close();
    const again = new KeySet();
    const next = new KeyLog(path);
    t.is(await next.restore(again, async (size) => ({ size, tail: "cd" })), 20);
    t.deepEqual([again.size, again.has("more")], [numKeys + 1, true]);
    await next.close();
  }
});

test("a note that does not fit the file, or is damaged, is not used", async (t) => {
  const path = await written(t, 10);
  const restored = async (at: { size: number; tail: string } | undefined) => {
    const keys = new KeySet();
    const log = new KeyLog(path);
    const size = await log.restore(keys, async () => at);
    await log.close();
    return [size, keys.size];
  };
  t.deepEqual(await restored({ size: 12, tail: "other" }), [0, 0]);
  t.deepEqual(await restored(undefined), [0, 0]);
  t.deepEqual(await restored(place), [12, 10]);
  const [keysFile = "", checkpoint = ""] = keyLogFiles(path);
  const bytes = readFileSync(keysFile);
  writeFileSync(keysFile, bytes.subarray(0, 100));
  t.deepEqual(await restored(place), [0, 0]);
  writeFileSync(keysFile, bytes);
  writeFileSync(checkpoint, "{");
  t.deepEqual(await restored(place), [0, 0]);
});

interface Named {
  id: string;
  text: string;
}
const keyOf = ({ id }: Named): string => id;
const text = "x".repeat(1 << 20);

test("a large file goes on from its note: what lies before is not read, what lies behind is", async (t) => {
  const path = join(makeFolder(t), "a.jsonl");
  const open = () => JsonlAppender.open(path, keyOf, { keyLog: true });
  const appender = await open();
  for (let i = 0; i < 70; i += 1) await appender.append([{ id: `${i}`, text }]);
  await appender.close();
  for (const file of keyLogFiles(path)) t.true(existsSync(file));

  // Nobody looks at the first record again.
  const content = readFileSync(path);
  content[0] = 0x21;
  writeFileSync(path, content);
  const again = await open();
  t.is(again.numRecords, 70);
  for (const i of [0, 63, 69]) t.true(again.has(`${i}`));
  await t.throwsAsync(again.append([{ id: "3", text }]), { message: /not in .* yet/ });
  await again.append([{ id: "70", text: "" }]);
  await again.close();

  const whole = readFileSync(path);
  whole[0] = 0x7b;
  writeFileSync(path, Buffer.concat([whole, Buffer.from('{"id":"12","text":""}\n')]));
  const error = await t.throwsAsync<ErprmError>(open());
  t.is(error.details.line, 72);
});

test("a run that is complete, or begun anew, has no notes of keys", async (t) => {
  const path = join(makeFolder(t), "run");
  const description = { stage: "s", options: {}, seed: 0, inputs: {}, build: {}, outputs: ["a.jsonl"] };
  const run = await RunDirectory.open(path, description);
  const files = keyLogFiles(run.file("a.jsonl"));
  for (const file of files) writeFileSync(file, "");
  await run.close();
  const anew = await RunDirectory.open(path, description, { force: true });
  for (const file of files) t.false(existsSync(file));
  for (const file of files) writeFileSync(file, "");
  await anew.finish({}, {});
  for (const file of files) t.false(existsSync(file));
});
