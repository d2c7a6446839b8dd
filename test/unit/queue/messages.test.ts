import { gzipSync } from "node:zlib";
import test from "ava";
import {
  checkAnnouncement,
  checkResult,
  checkWorkerState,
  decode,
  encode,
  protocolVersion,
} from "../../../src/queue/messages.js";
import { announcementOf } from "../../support/queue-run.js";

test("what is encoded is decoded to the same JSON", async (t) => {
  const value = { text: "ünï\u0000\ud83d\ude00", numbers: [0.1, 1e-300, -5], nested: { a: [null, true] } };
  t.deepEqual(await decode(await encode(value), "a value"), value);
  const long = Array.from({ length: 1000 }, () => value);
  const bytes = await encode(long);
  t.true(bytes.length < JSON.stringify(long).length / 4);
  t.deepEqual(await decode(bytes, "a value"), long);
});

test("bytes that are nothing of ours are refused, saying what was expected", async (t) => {
  for (const bytes of [Buffer.from("{"), Buffer.alloc(0), gzipSync("not JSON"), gzipSync("{}").subarray(0, 12)]) {
    await t.throwsAsync(decode(bytes, "a unit"), {
      code: "ERPRM_INVALID_DATA",
      message: /^Expected a unit in the queue/,
    });
  }
});

test("an announcement passes as it is, and one of another version is refused", (t) => {
  t.deepEqual(checkAnnouncement(announcementOf()), announcementOf());
  t.throws(() => checkAnnouncement({ ...announcementOf(), version: protocolVersion + 1 }), {
    code: "ERPRM_INVALID_DATA",
    message: /one release of erprm for all/,
  });
  for (const wrong of [null, {}, announcementOf({ maxTries: 1 }), announcementOf({ run: "../x" })]) {
    t.throws(() => checkAnnouncement(wrong), { code: "ERPRM_INVALID_DATA" });
  }
});

test("results and states of workers are checked", (t) => {
  const worker = { id: "a", host: "h", pid: 1 };
  t.notThrows(() => checkResult({ worker, seconds: 1, tries: 1, records: { labels: [] }, counts: { a: 1 } }));
  for (const wrong of [
    { worker, seconds: -1, tries: 1 },
    { seconds: 1, tries: 1 },
    { worker, seconds: 1, tries: 1, records: { labels: 1 } },
  ]) {
    t.throws(() => checkResult(wrong), { code: "ERPRM_INVALID_DATA" });
  }
  t.throws(() => checkWorkerState({ worker, done: 1, holds: [{ place: -1, name: "", seconds: 0 }], left: false }), {
    code: "ERPRM_INVALID_DATA",
  });
});
