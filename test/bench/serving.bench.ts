/**
 * Scores a second and latency under load: `erprm serve`, the same model behind FastAPI with transformers and dynamic
 * batching, and calls within one process. Same weights, same solutions, over the same load generator; the scores of every
 * answer must agree before a number is printed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../../src/native/loader.js";
import { warnWhenBusy } from "./busy-machine.js";
import { interleave, type Run } from "./measure.js";
import { findPython } from "./python-peer.js";
import { type ShapeName, shapeNames } from "./random-checkpoint.js";
import { startServer } from "./server-process.js";
import { servingWorkload, writeServedShape } from "./serving-model.js";
import { httpCosts, type ServingRow, servingTable, summaryOf } from "./serving-summary.js";
import type { ServingWorkload } from "./serving-workload.js";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    model: { type: "string" },
    shapes: { type: "string", default: "tiny" },
    concurrency: { type: "string", default: "1,8,32,128" },
    answers: { type: "string" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    "peer-threads": { type: "string" },
    solutions: { type: "string", default: "256" },
    "batch-tokens": { type: "string", default: "4096" },
    "peer-batch-tokens": { type: "string", default: "4096" },
    "batch-wait": { type: "string", default: "2" },
  },
});
const concurrencies = flags.concurrency.split(",").map(Number);
const chosenShapes = flags.shapes.split(",") as ShapeName[];
if (
  concurrencies.some((count) => !(Number.isInteger(count) && count > 0)) ||
  chosenShapes.some((name) => !shapeNames.includes(name))
) {
  console.error(
    "Usage: npm run bench serving -- [--python PYTHON with transformers, fastapi and uvicorn] " +
      `[--model DIRECTORY of erprm train prm | --shapes ${shapeNames}; tiny] [--concurrency 1,8,32,128] ` +
      "[--answers N of each run; 2048, 256 of smollm2-135m and of --model, at least 4 x concurrency] [--runs 5] [--threads 2] [--peer-threads; as many] " +
      "[--solutions 256, different ones] [--batch-tokens 4096, of ours] [--peer-batch-tokens 4096] [--batch-wait 2, ms of both]",
  );
  process.exit(2);
}
const python = findPython(flags.python, ["torch", "transformers", "fastapi", "uvicorn"]);
const folder = mkdtempSync(join(tmpdir(), "erprm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const peers = join(packageRoot, "test", "bench", "peers");
const ours = join(packageRoot, "dist", "test", "bench", "peers");
const main = join(packageRoot, "dist", "src", "cli", "main.js");

/** Of scores in f32, from differently packed batches. */
const tolerance = 1e-4;

async function startServers(workload: ServingWorkload, file: string) {
  const { model, threads, batchTokens, batchWaitMs } = workload;
  const options = {
    "--reward-model": model,
    "--port": 0,
    "--threads": threads,
    "--tokens-per-batch": batchTokens,
    "--batch-wait": batchWaitMs,
  };
  const command = ["node", main, "serve", ...Object.entries(options).flat().map(String), "--json", "--quiet"];
  const servers = [{ name: "erprm serve", ...(await startServer("erprm serve", command)) }];
  if (python) {
    const peer = await startServer("FastAPI", [python, join(peers, "fastapi-score.py"), file]);
    servers.push({ name: "FastAPI, transformers", ...peer });
  }
  return servers;
}

async function measure(what: string, model: string, answersWanted: number): Promise<ServingRow[]> {
  const workload = await servingWorkload(model, Number(flags.solutions), {
    threads: Number(flags.threads),
    peerThreads: Number(flags["peer-threads"] ?? flags.threads),
    batchTokens: Number(flags["batch-tokens"]),
    peerBatchTokens: Number(flags["peer-batch-tokens"]),
    batchWaitMs: Number(flags["batch-wait"]),
  });
  const file = join(folder, "workload.json");
  const write = () => writeFileSync(file, JSON.stringify(workload));
  write();
  const servers = await startServers(workload, file);
  const inProcess = (way: string) => ["node", join(ours, "erprm-in-process.js"), file, "16", `${answersWanted}`, way];
  const rows: ServingRow["row"][] = [
    { what, name: "in process, a call each", concurrency: 1, command: inProcess("each") },
    { what, name: "in process, one call", command: inProcess("together") },
  ];
  for (const concurrency of concurrencies) {
    const answers = Math.max(answersWanted, 4 * concurrency);
    const counts = [concurrency, Math.max(16, 2 * concurrency), answers].map(String);
    for (const { name, url, pid } of servers) {
      const command = ["node", join(ours, "load.js"), file, url, ...counts];
      rows.push({ what, name, concurrency, command, server: pid });
    }
  }
  const results = await interleave(rows, Number(flags.runs), (row, run) => {
    // The first row is in process and knows all scores; everybody after it is held to them.
    if (!workload.expected) {
      workload.expected = run.scores as number[][];
      write();
    }
    const difference = run.difference as number;
    const { concurrency = "-" } = row as ServingRow["row"];
    if (!(difference <= tolerance)) {
      throw new Error(`${row.name} at concurrency ${concurrency}: a score differs by ${difference}`);
    }
    console.error(
      `${what}, ${row.name}, concurrency ${concurrency}: ${run.seconds.toFixed(1)} s, ` +
        `others used ${(100 * run.othersShare).toFixed(0)} %`,
    );
  });
  for (const { pid } of servers) process.kill(pid, "SIGTERM");
  return rows.map((row) => summaryOf(row, results.get(row) as Run[]));
}

const rows: ServingRow[] = [];
if (flags.model) rows.push(...(await measure("model", resolve(flags.model), Number(flags.answers ?? 256))));
else {
  for (const shape of chosenShapes) {
    const model = join(folder, shape);
    await writeServedShape(model, shape);
    rows.push(...(await measure(shape, model, Number(flags.answers ?? (shape === "tiny" ? 2048 : 256)))));
  }
}
const costs = httpCosts(rows);
console.log(
  `${flags.threads} threads; ${flags["batch-tokens"]} tokens a batch (FastAPI, padded: ${flags["peer-batch-tokens"]}), ${flags["batch-wait"]} ms`,
);
console.log(servingTable(rows));
for (const { what, concurrency, milliseconds } of costs) {
  console.log(
    `${what}: HTTP costs ${milliseconds.toFixed(2)} ms ${concurrency === 1 ? "of latency" : "a solution"} at concurrency ${concurrency}`,
  );
}
warnWhenBusy(rows);
const settings = Object.fromEntries(Object.entries(flags).filter(([name]) => name !== "python" && name !== "model"));
console.log(
  JSON.stringify({
    settings,
    machine: cpus()[0]?.model,
    httpCosts: costs,
    rows: rows.map(({ row: _, ...row }) => row),
  }),
);
