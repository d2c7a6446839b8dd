import test from "ava";
import { ResultReader } from "../../../src/queue/result-reader.js";
import type { QueueServer } from "../../../src/queue/server.js";
import { until } from "../../support/until.js";

test("a reader whose signal fires while it asks for the results ends, though none will come", async (t) => {
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let answer = (_consumer: unknown) => {};
  let isAsked = false;
  const get = () =>
    new Promise((resolve) => {
      isAsked = true;
      answer = resolve;
    });
  const server = { js: { consumers: { get } }, names: { resultStream: "results" } } as unknown as QueueServer;
  const ending = new AbortController();
  const reading = new ResultReader(server, ending.signal).read(async () => {}).next();
  await until(() => isAsked);
  ending.abort();
  const messages = {
    stop,
    // biome-ignore lint/correctness/useYield: it is about the end of it
    async *[Symbol.asyncIterator]() {
      await stopped;
    },
  };
  answer({ consume: () => messages });
  t.true((await reading).done);
});
