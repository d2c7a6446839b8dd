/** What workers do with units, over a real server. */
import anyTest, { type TestFn } from "ava";
import { ErprmError } from "../../../src/errors.js";
import { checkWorkerState, decode } from "../../../src/queue/messages.js";
import { natsServerPath, startNatsServer, withoutNatsServer } from "../../support/nats-server.js";
import {
  acknowledgementsOf,
  announcementOf,
  connectTo,
  connectToRun,
  recordsOf,
  startWorker,
  startWriter,
  sumsOf,
  unitsOf,
} from "../../support/queue-run.js";
import { until } from "../../support/until.js";

const isThere = natsServerPath !== undefined;
const test = (isThere ? anyTest : anyTest.skip) as TestFn;
if (!isThere) anyTest(`the tests of workers are skipped: ${withoutNatsServer}`, (t) => t.pass());

const doubled = (count: number) => Array.from({ length: count }, (_, i) => 2 * i);

test("no more units are asked for than there is room for", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(30));
  let numInside = 0;
  let most = 0;
  await startWorker(t, url, {
    inFlight: 20,
    room: () => 3 - numInside,
    work: async (payload) => {
      numInside += 1;
      most = Math.max(most, numInside);
      await until(() => most >= 3);
      numInside -= 1;
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await writer.ended;
  t.is(most, 3);
});

test("a worker says what it took soon after, not with its next regular state: killed before, it would seem to hold nothing", async (t) => {
  const { url } = await startNatsServer(t);
  const listener = await connectTo(t, url);
  const { names } = await connectToRun(t, url);
  const held: { place: number; seconds: number }[] = [];
  const states = listener.subscribe(names.workerSubject);
  const listening = (async () => {
    for await (const { data } of states) held.push(...checkWorkerState(await decode(data, "a state")).holds);
  })();
  await listener.flush();
  const writer = await startWriter(t, url, unitsOf(3));
  const work = async (payload: unknown) => {
    await until(() => held.length >= 3);
    return { records: recordsOf(payload), counts: {} };
  };
  await startWorker(t, url, { work });
  await writer.ended;
  states.unsubscribe();
  await listening;
  // Regular ones are two seconds apart, the first when nothing is held.
  t.true((held[0]?.seconds as number) < 1.5, `${held[0]?.seconds} s`);
  t.deepEqual(
    held
      .slice(0, 3)
      .map(({ place }) => place)
      .sort(),
    [0, 1, 2],
  );
});

test("a unit that takes longer than the acknowledgement wait stays with its worker", async (t) => {
  const { url } = await startNatsServer(t);
  const announcement = announcementOf({ ackWaitSeconds: 0.5 });
  const beats = await acknowledgementsOf(t, url);
  const writer = await startWriter(t, url, unitsOf(2), { announcement });
  let numStarted = 0;
  await startWorker(t, url, {
    announcement,
    work: async (payload) => {
      numStarted += 1;
      // Three to a wait, for each of two units: two waits are over by then.
      await until(() => beats.length >= 12);
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await writer.ended;
  t.is(numStarted, 2);
  t.true(writer.written.every(({ result }) => result.tries === 1));
});

test("a writer that begins again with a shorter wait does not lose the units of workers that are there", async (t) => {
  const { url } = await startNatsServer(t);
  const beats = await acknowledgementsOf(t, url);
  const killed = new AbortController();
  const long = announcementOf({ ackWaitSeconds: 3600 });
  const first = await startWriter(t, url, unitsOf(1), { announcement: long, signal: killed.signal });
  let numStarted = 0;
  await startWorker(t, url, {
    announcement: long,
    work: async (payload) => {
      numStarted += 1;
      await until(() => beats.length >= 6);
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await until(() => numStarted === 1);
  killed.abort(new ErprmError("ERPRM_ABORTED", "killed"));
  await t.throwsAsync(first.ended, { code: "ERPRM_ABORTED" });
  const second = await startWriter(t, url, unitsOf(1), { announcement: announcementOf({ ackWaitSeconds: 0.5 }) });
  await second.ended;
  t.is(numStarted, 1);
});

test("a unit that comes back to the worker that still has it is worked on once", async (t) => {
  const { url } = await startNatsServer(t);
  const announcement = announcementOf({ maxTries: 2, ackWaitSeconds: 0.5 });
  const beats = await acknowledgementsOf(t, url);
  const writer = await startWriter(t, url, unitsOf(1), { announcement });
  let numStarted = 0;
  const { connection } = await startWorker(t, url, {
    announcement,
    work: async (payload) => {
      numStarted += 1;
      await until(() => beats.length > 0);
      // As a server does that heard nothing of it for too long.
      connection.publish(beats[0]?.subject as string, "-NAK");
      await until(() => beats.some(({ numDelivered }) => numDelivered === 2));
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await writer.ended;
  t.is(numStarted, 1);
  t.is(writer.written[0]?.result.tries, 1);
  const server = await connectToRun(t, url);
  await until(() => beats.some(({ kind }) => kind === "+ACK"));
  t.deepEqual([...(await server.units())], [], "and is acknowledged");
});

test("a unit that is handed out again and again while its worker is there counts as tried once", async (t) => {
  const { url } = await startNatsServer(t);
  const announcement = announcementOf({ maxTries: 2 });
  const beats = await acknowledgementsOf(t, url);
  const writer = await startWriter(t, url, unitsOf(1), { announcement });
  let numStarted = 0;
  const workers = await Promise.all(
    [0, 1, 2].map(() =>
      startWorker(t, url, {
        announcement,
        inFlight: 1,
        work: async (payload) => {
          numStarted += 1;
          await until(() => numStarted === 3);
          return { records: recordsOf(payload), counts: {} };
        },
      }),
    ),
  );
  const [{ connection }] = workers as [(typeof workers)[0]];
  // As a server does that was away for longer than the wait: it hands out what others are working on.
  for (const numDelivered of [1, 2]) {
    await until(() => numStarted === numDelivered);
    const held = () => beats.find((beat) => beat.numDelivered === numDelivered);
    await until(() => held() !== undefined);
    connection.publish(held()?.subject as string, "-NAK");
  }
  await writer.ended;
  t.is(numStarted, 3);
  t.is(writer.written[0]?.result.failure, undefined);
  t.is(writer.written[0]?.result.tries, 1);
});

test("a unit that is none is reported, and takes no worker down", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(3));
  await startWorker(t, url, {
    nameOf: (payload) => {
      if ((payload as { number: number }).number === 1) throw new ErprmError("ERPRM_INVALID_DATA", "no problem");
      return "a unit";
    },
  });
  await writer.ended;
  t.deepEqual(
    writer.written.map(({ result }) => result.failure?.reason),
    [undefined, "no problem", undefined],
  );
});

test("a worker that is interrupted gives its units back at once, and they count as never tried", async (t) => {
  const { url } = await startNatsServer(t);
  const long = announcementOf({ ackWaitSeconds: 3600, maxTries: 2 });
  const writer = await startWriter(t, url, unitsOf(6), { announcement: long });
  for (let i = 0; i < 3; i += 1) {
    const leaving = new AbortController();
    let numStarted = 0;
    const worker = await startWorker(t, url, {
      announcement: long,
      signal: leaving.signal,
      work: (_payload, signal) =>
        new Promise((_, reject) => {
          numStarted += 1;
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    await until(() => numStarted === 4);
    leaving.abort(new ErprmError("ERPRM_ABORTED", "interrupted"));
    await t.throwsAsync(worker.ended, { code: "ERPRM_ABORTED" });
  }
  await startWorker(t, url, { announcement: long });
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), doubled(6));
  t.true(writer.written.every(({ result }) => result.tries === 1));
});

test("a worker that waits for more units when the server goes away ends all the same, interrupted or idle", async (t) => {
  for (const isInterrupted of [true, false]) {
    const server = await startNatsServer(t);
    const writing = new AbortController();
    const writer = await startWriter(t, server.url, unitsOf(2), { signal: writing.signal });
    const leaving = new AbortController();
    let numDone = 0;
    const worker = await startWorker(t, server.url, {
      signal: leaving.signal,
      ...(isInterrupted ? {} : { idleMs: 1 }),
      finished: () => {
        numDone += 1;
      },
    });
    let isGone = false;
    void (async () => {
      for await (const { type } of worker.connection.status()) if (type === "disconnect") isGone = true;
    })();
    // It has room for two more units, so it has asked for them.
    await until(() => numDone === 2);
    await server.kill();
    await until(() => isGone);
    let isEnded = false;
    const ended = worker.ended.finally(() => {
      isEnded = true;
    });
    ended.catch(() => {});
    if (isInterrupted) leaving.abort(new ErprmError("ERPRM_ABORTED", "interrupted"));
    await until(() => isEnded, 30);
    if (isInterrupted) await t.throwsAsync(ended, { code: "ERPRM_ABORTED" });
    else t.is((await ended).reason, "idle");
    writing.abort(new ErprmError("ERPRM_ABORTED", "interrupted"));
    await writer.ended.catch(() => {});
  }
});

test("a unit whose data is at fault is reported by its worker, which goes on", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(10));
  await startWorker(t, url, {
    work: async (payload) => {
      if ((payload as { number: number }).number === 3) throw new ErprmError("ERPRM_INVALID_DATA", "too long");
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await writer.ended;
  t.is(writer.written.length, 10);
  t.deepEqual(writer.written[3]?.result.failure, { reason: "too long", code: "ERPRM_INVALID_DATA" });
  t.deepEqual(
    sumsOf(writer.written.filter((_, i) => i !== 3)),
    doubled(10).filter((sum) => sum !== 6),
  );
});

test("a unit that takes every worker down is worked on alone at last and set aside; the others are not", async (t) => {
  const { url } = await startNatsServer(t);
  const writer = await startWriter(t, url, unitsOf(12));
  const company: number[] = [];
  let isOver = false;
  void writer.ended.then(() => {
    isOver = true;
  });
  // A worker that goes down with whatever it holds: its connection dies, nothing is given back.
  while (!isOver && company.length < 10) {
    let numInside = 0;
    let isDown = false;
    const worker = await startWorker(t, url, {
      inFlight: 12,
      work: async (payload) => {
        numInside += 1;
        // All come together and go down together, but the last time.
        if (company.length < 2) {
          if ((payload as { number: number }).number !== 5) return new Promise<never>(() => {});
          await until(() => numInside === 12);
        }
        if ((payload as { number: number }).number === 5) {
          company.push(numInside - 1);
          isDown = true;
          return new Promise<never>(() => {});
        }
        if (isDown) return new Promise<never>(() => {});
        numInside -= 1;
        return { records: recordsOf(payload), counts: {} };
      },
    });
    await until(() => isOver || isDown);
    if (isDown) await worker.connection.close();
  }
  await writer.ended;
  t.is(company.length, 3, "it was tried so often");
  t.true((company[0] as number) > 0, "first in company");
  t.is(company[2], 0, "the last time alone");
  const failed = writer.written.filter(({ result }) => result.failure);
  t.deepEqual(
    failed.map(({ unit }) => unit.place),
    [5],
  );
  t.regex(failed[0]?.result.failure?.reason ?? "", /^3 workers that had it went away/);
  const others = writer.written.filter(({ result }) => !result.failure);
  t.deepEqual(
    sumsOf(others),
    doubled(12).filter((sum) => sum !== 10),
  );
});
