/** Empty units through a NATS server of its own: TASK.json. The time is from the first publish to the last result in order. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { generateProblems } from "../../../src/problems/generate.js";
import { parseQueueAddress } from "../../../src/queue/address.js";
import { connectQueue } from "../../../src/queue/connect.js";
import { protocolVersion } from "../../../src/queue/messages.js";
import { QueueServer } from "../../../src/queue/server.js";
import { type CollectedUnit, writeUnits } from "../../../src/queue/writer.js";
import { startNatsServer } from "../../support/nats-server.js";
import { atExit } from "../at-exit.js";
import { type EmptyTask, emptyRun } from "../queue-task.js";

const { units: count, workers, inFlight }: EmptyTask = JSON.parse(readFileSync(process.argv[2] as string, "utf8"));
const nats = await startNatsServer(atExit);
const connection = await connectQueue({ address: parseQueueAddress(nats.url), name: "bench" }, console.error);
const server = await QueueServer.open(connection, emptyRun);
const announcement = {
  version: protocolVersion,
  run: emptyRun,
  stage: "bench",
  models: {},
  build: {},
  settings: {},
  numUnits: count,
  ackWaitSeconds: 30,
  maxTries: 3,
  writer: { id: "writer", host: hostname(), pid: process.pid },
};
await server.announce(announcement);
const program = fileURLToPath(new URL("queue-empty-worker.js", import.meta.url));
const processes = Array.from({ length: workers }, () =>
  spawn(process.execPath, [program, nats.url, String(inFlight)], { stdio: ["ignore", "pipe", "inherit"] }),
);
for (const child of processes) atExit.teardown(() => child.kill("SIGKILL"));
const ends = processes.map((child) => once(child, "exit"));
await Promise.all(processes.map(({ stdout }) => once(stdout, "data")));

const problems = [...generateProblems({ num: count })];
let numWritten = 0;
const start = performance.now();
await writeUnits({
  server,
  announcement,
  units: problems.map((problem, place) => ({ place, name: problem.id, payload: problem })),
  check: () => {},
  write: async (batch: readonly CollectedUnit[]) => {
    for (const { unit, result } of batch) {
      const [problem] = (result.records?.labels ?? []) as { id: string }[];
      if (unit.place !== numWritten || problem?.id !== problems[unit.place]?.id) {
        throw new Error(`Expected unit ${numWritten} as result ${numWritten}, received ${JSON.stringify(result)}`);
      }
      numWritten += 1;
    }
  },
  tell: console.error,
  auditMs: 15_000,
  signal: new AbortController().signal,
});
const seconds = (performance.now() - start) / 1000;
await server.withdraw();
for (const [code] of await Promise.all(ends)) if (code !== 0) throw new Error(`A worker ended with ${code}`);
await connection.close();
// Ended here, its time counts as this program's.
await nats.kill();
console.log(JSON.stringify({ seconds, units: numWritten }));
