/** Writer and workers over a real server. */
import anyTest, { type TestFn } from "ava";
import { ErprmError } from "../../../src/errors.js";
import { natsServerPath, startNatsServer, withoutNatsServer } from "../../support/nats-server.js";
import {
  announced,
  announcementOf,
  recordsOf,
  startWorker,
  startWriter,
  sumsOf,
  unitsOf,
  withdraw,
} from "../../support/queue-run.js";
import { until } from "../../support/until.js";

const isThere = natsServerPath !== undefined;
const test = (isThere ? anyTest : anyTest.skip) as TestFn;
if (!isThere) anyTest(`the queue's tests are skipped: ${withoutNatsServer}`, (t) => t.pass());

const doubled = (count: number) => Array.from({ length: count }, (_, i) => 2 * i);

test("results of several workers are written in the order of the units, each once", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(300), { window: 40 });
  const workers = await Promise.all([startWorker(t, url), startWorker(t, url)]);
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), doubled(300));
  await withdraw(t, url);
  const ends = await Promise.all(workers.map(({ ended }) => ended));
  t.is(
    ends.reduce((sum, { done }) => sum + done, 0),
    300,
  );
  t.deepEqual(new Set(ends.map(({ reason }) => reason)), new Set(["over"]));
});

test("units of a worker that vanishes go to another one, and what it published already counts once", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(20));
  // Its connection dies while it works: it neither answers nor gives anything back.
  const lost = await startWorker(t, url, { work: () => new Promise(() => {}) });
  await until(() => lost.connection.stats().inMsgs > 8);
  await lost.connection.close();
  await startWorker(t, url);
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), doubled(20));
});

test("a server that is killed and started again costs nothing", async (t) => {
  const server = await startNatsServer(t);
  const writer = await startWriter(t, server.url, unitsOf(400), { window: 50 });
  await startWorker(t, server.url, {
    work: async (payload) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return { records: recordsOf(payload), counts: {} };
    },
  });
  for (const share of [50, 150]) {
    await until(() => writer.written.length > share);
    await server.kill();
    await server.start();
  }
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), doubled(400));
});

test("a server that comes back with nothing is given the units again", async (t) => {
  const server = await startNatsServer(t);
  const writer = await startWriter(t, server.url, unitsOf(200), { window: 50 });
  await startWorker(t, server.url, {
    work: async (payload) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await until(() => writer.written.length > 20);
  await server.kill();
  await server.start({ wiped: true });
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), doubled(200));
});

test("a writer that begins again takes results that are there, and publishes only what is missing", async (t) => {
  const { url } = await startNatsServer(t);
  const killed = new AbortController();
  const first = await startWriter(t, url, unitsOf(100), {
    signal: killed.signal,
    // It is killed before anything is safe: nothing of what it was given counts.
    write: () => new Promise(() => {}),
  });
  const tried: number[] = [];
  const worker = await startWorker(t, url, {
    work: async (payload) => {
      tried.push((payload as { number: number }).number);
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await until(() => tried.length >= 60);
  killed.abort(new ErprmError("ERPRM_ABORTED", "killed"));
  await t.throwsAsync(first.ended, { code: "ERPRM_ABORTED" });
  const second = await startWriter(t, url, unitsOf(100), {
    announcement: announcementOf({ writer: { id: "second", host: "here", pid: 3 } }),
  });
  await second.ended;
  t.deepEqual(sumsOf(second.written), doubled(100));
  t.is(new Set(tried).size, 100);
  t.is(tried.length, 100, "no unit was worked on twice");
  void worker;
});

test("a second writer of a run stops the first", async (t) => {
  const { url } = await startNatsServer(t);
  const first = await startWriter(t, url, unitsOf(5));
  // Two that announce it at once may do so in either order.
  await announced(t, url);
  await startWriter(t, url, unitsOf(5), {
    announcement: announcementOf({ writer: { id: "second", host: "there", pid: 7 } }),
  });
  const error = await t.throwsAsync(first.ended, { code: "ERPRM_RUN_CONFLICT" });
  t.regex(error?.message ?? "", /process 7 on there/);
});

test("a unit too large for a message is an error that names it, a result too large travels in parts", async (t) => {
  const { url } = await startNatsServer(t);
  const noise = Array.from({ length: 300_000 }, () => Math.random());
  const large = await startWriter(t, url, [{ place: 0, name: 'problem "big"', payload: noise }]);
  const error = await t.throwsAsync(large.ended, { code: "ERPRM_INVALID_DATA" });
  t.regex(error?.message ?? "", /problem "big": raise max_payload/);
  await withdraw(t, url);
  const writer = await startWriter(t, url, unitsOf(3));
  await startWorker(t, url, { work: async () => ({ records: { noise }, counts: {} }) });
  await writer.ended;
  t.deepEqual(writer.written[2]?.result.records?.noise, noise);
});

test("a result that is none of the unit's is dropped, said, and the unit worked on again", async (t) => {
  const { url } = await startNatsServer(t);
  let numRefused = 0;
  const writer = await startWriter(t, url, unitsOf(4), {
    check: ({ place }) => {
      if (place !== 2 || numRefused > 0) return;
      numRefused += 1;
      throw new ErprmError("ERPRM_INVALID_DATA", "records of another unit");
    },
  });
  await startWorker(t, url);
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), doubled(4));
  t.deepEqual(writer.told, ["a result of unit 2 is dropped: records of another unit"]);
});

test("a unit whose results are refused as often as it may be tried is set aside with the reason, the rest goes on", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(4), {
    announcement: announcementOf({ maxTries: 3 }),
    check: ({ place }) => {
      if (place === 2) throw new ErprmError("ERPRM_INVALID_DATA", "records of another unit");
    },
  });
  await startWorker(t, url, { worker: { id: "w", host: "node3", pid: 7 } });
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), [0, 2, undefined, 6]);
  t.like(writer.written[2]?.result, {
    tries: 3,
    worker: { host: "node3", pid: 7 },
    failure: {
      code: "ERPRM_INVALID_DATA",
      reason: "3 results of it were refused, the last one: records of another unit",
    },
  });
  t.is(writer.told.filter((text) => text.startsWith("a result of unit 2 is dropped")).length, 3);
});

test("bytes that are no result are refused too, and count as tries", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(2), { announcement: announcementOf({ maxTries: 2 }) });
  await startWorker(t, url, {
    work: async (payload) => {
      const { number } = payload as { number: number };
      return { records: recordsOf(payload), counts: number === 1 ? { broken: Number.NaN } : {} };
    },
  });
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), [0, undefined]);
  t.regex(
    writer.written[1]?.result.failure?.reason ?? "",
    /^2 results of it were refused, the last one: Expected the result of a unit/,
  );
});

test("what the writer cannot write ends it with that error", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(40), {
    write: async () => {
      throw new ErprmError("ERPRM_IO", "no space left on the device");
    },
  });
  await startWorker(t, url);
  await t.throwsAsync(writer.ended, { code: "ERPRM_IO", message: "no space left on the device" });
});
