/**
 * What a service may meet, done to a real one: bodies without end, nonsense, clients that are slow, silent or gone, two thousand
 * connections, SIGKILL and SIGTERM in the middle of work. After every fault the server must give the scores that it gave before.
 *
 *   node scripts/faults/serve.mjs --reward-model MODEL [--kills 50] [--only NAME] [--threads N]
 *
 * Prints a line a fault and exits with 1 when one was not survived.
 */
import { parseArgs } from "node:util";
import { badInput } from "./serve/bad-input.mjs";
import { clients } from "./serve/clients.mjs";
import { kills } from "./serve/kills.mjs";
import { startServer } from "./serve/server.mjs";

const { values } = parseArgs({
  options: {
    "reward-model": { type: "string" },
    kills: { type: "string", default: "50" },
    only: { type: "string" },
    threads: { type: "string", default: "1" },
  },
});
if (values["reward-model"] === undefined) {
  process.stderr.write("Expected --reward-model MODEL\n");
  process.exit(2);
}
const serverArgs = ["--reward-model", `model=${values["reward-model"]}`, "--threads", values.threads];

const faults = [...badInput, ...clients, ...kills(Number(values.kills))].filter(
  ({ name }) => values.only === undefined || name.includes(values.only),
);
let numFailed = 0;
for (const { name, args = [], run } of faults) {
  const server = await startServer([...serverArgs, ...args]);
  const startedAt = performance.now();
  let result;
  try {
    const before = await server.probe();
    const found = await run(server);
    const after = await server.probe();
    if (JSON.stringify(after) !== JSON.stringify(before)) throw new Error("other scores than before");
    result = `ok      ${name}: ${found}`;
  } catch (error) {
    numFailed += 1;
    result = `FAILED  ${name}: ${error.stack}\n${server.lastLines()}`;
  } finally {
    await server.stop();
  }
  process.stdout.write(`${result} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)\n`);
}
process.stdout.write(`${faults.length - numFailed} of ${faults.length} survived\n`);
process.exitCode = numFailed === 0 ? 0 : 1;
