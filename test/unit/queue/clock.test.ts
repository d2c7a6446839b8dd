/** In a file of its own: all tests of a file have one clock, and the NATS client's reconnecting reads it. */
import anyTest, { type TestFn } from "ava";
import { natsServerPath, startNatsServer, withoutNatsServer } from "../../support/nats-server.js";
import { connectTo, recordsOf, startWorker, startWriter, sumsOf, unitsOf } from "../../support/queue-run.js";
import { until } from "../../support/until.js";

const isThere = natsServerPath !== undefined;
const test = (isThere ? anyTest.serial : anyTest.skip) as TestFn;
if (!isThere) anyTest(`the queue's clock is not tested: ${withoutNatsServer}`, (t) => t.pass());

const doubled = (count: number) => Array.from({ length: count }, (_, i) => 2 * i);

test("a clock that jumps by hours, forward and back, changes nothing", async (t) => {
  const { url } = await startNatsServer(t);
  const now = Date.now;
  let offset = 0;
  Date.now = () => now() + offset;
  t.teardown(() => {
    Date.now = now;
  });
  const tries: number[] = [];
  const writer = await startWriter(t, url, unitsOf(120), { window: 20 });
  await startWorker(t, url, {
    work: async (payload) => {
      const { number } = payload as { number: number };
      tries.push(number);
      if (number % 10 === 0) offset = (number % 20 === 0 ? 1 : -1) * 5 * 3600_000;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { records: recordsOf(payload), counts: {} };
    },
  });
  await writer.ended;
  t.deepEqual(sumsOf(writer.written), doubled(120));
  t.is(tries.length, 120, "no unit was worked on twice");
  t.true(writer.written.every(({ result }) => result.seconds >= 0 && result.seconds < 60));
});

test("a clock that is set back while the server is away does not keep anybody from connecting again", async (t) => {
  const server = await startNatsServer(t);
  const now = Date.now;
  t.teardown(() => {
    Date.now = now;
  });
  const connection = await connectTo(t, server.url);
  const changes: string[] = [];
  const listening = (async () => {
    for await (const { type } of connection.status()) changes.push(type);
  })();
  await server.kill();
  await until(() => changes.includes("disconnect"));
  Date.now = () => now() - 5 * 3600_000;
  await server.start();
  await until(() => changes.includes("reconnect"));
  await connection.close();
  await listening;
  t.pass();
});
