/** A worker of the empty units: URL, units at the same time. Says `ready` when it asks for work, ends when the run is over. */
import { hostname } from "node:os";
import { parseQueueAddress } from "../../../src/queue/address.js";
import { connectQueue } from "../../../src/queue/connect.js";
import { QueueServer } from "../../../src/queue/server.js";
import { workOnUnits } from "../../../src/queue/worker.js";
import { emptyRun } from "../queue-task.js";

const [url, inFlight] = process.argv.slice(2) as [string, string];
const connection = await connectQueue({ address: parseQueueAddress(url), name: "bench worker" }, console.error);
const server = await QueueServer.open(connection, emptyRun);
const announcement = await server.announcement();
if (typeof announcement !== "object") throw new Error(`Expected the run ${emptyRun} at ${url}`);
const working = workOnUnits({
  connection,
  server,
  announcement,
  worker: { id: `${process.pid}`, host: hostname(), pid: process.pid },
  inFlight: Number(inFlight),
  nameOf: () => "a unit",
  work: async (payload) => ({ records: { labels: [payload] }, counts: {} }),
  tell: console.error,
  signal: new AbortController().signal,
});
console.log("ready");
await working;
await connection.drain();
