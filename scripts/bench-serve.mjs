/**
 * Scores a second and latency of a service under load, at several concurrencies, beside the same solutions scored in process.
 *
 *   node scripts/bench-serve.mjs --reward-model MODEL --solutions FILE [--concurrency 1,8,32] [--seconds 10] [--threads N]
 *   node scripts/bench-serve.mjs --url http://127.0.0.1:8000 --solutions FILE     another server with the same /v1/score
 *
 * Every client sends one solution at a time and waits for its scores. Prints one JSON object a concurrency: solutions a
 * second, and the 50th and 99th percentile of the latency in milliseconds.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { parseArgs } from "node:util";
import { startServer } from "./faults/serve/server.mjs";

const { values } = parseArgs({
  options: {
    "reward-model": { type: "string" },
    url: { type: "string" },
    solutions: { type: "string" },
    concurrency: { type: "string", default: "1,8,32" },
    seconds: { type: "string", default: "10" },
    threads: { type: "string", default: "1" },
  },
});
if (values.solutions === undefined || (values["reward-model"] === undefined) === (values.url === undefined)) {
  process.stderr.write("Expected --solutions FILE, and either --reward-model MODEL or --url URL\n");
  process.exit(2);
}
const solutions = readFileSync(values.solutions, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line))
  .map(({ question, steps }) => ({ question, steps: steps.map((step) => step.text ?? step) }));

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

function report(what, latencies, seconds) {
  const sorted = latencies.sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((share) => Number(percentile(sorted, share).toFixed(2)));
  const solutionsPerSecond = Number((sorted.length / seconds).toFixed(1));
  process.stdout.write(`${JSON.stringify({ ...what, solutionsPerSecond, p50Ms: p50, p99Ms: p99 })}\n`);
}

function post(url, agent, body) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sending = request(new URL("/v1/score", url), { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    sending.once("error", reject);
    sending.end(body);
  });
}

/** Clients that each ask for one solution after the other, until the time is over. */
async function load(concurrency, seconds, ask) {
  const latencies = [];
  let next = 0;
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  const client = async () => {
    while (performance.now() < end) {
      const solution = solutions[next++ % solutions.length];
      const askedAt = performance.now();
      await ask(solution);
      latencies.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  return { latencies, seconds: (performance.now() - startedAt) / 1000 };
}

const seconds = Number(values.seconds);
if (values["reward-model"] !== undefined) {
  const { RewardModel } = await import("../dist/src/index.js");
  const rewardModel = await RewardModel.load(values["reward-model"], { threads: Number(values.threads) });
  const alone = await load(1, seconds, (solution) => rewardModel.scoreSteps([solution]));
  report({ where: "in process, one at a time" }, alone.latencies, alone.seconds);
  const startedAt = performance.now();
  await rewardModel.scoreSteps(solutions);
  const perSolution = (performance.now() - startedAt) / solutions.length;
  report(
    { where: "in process, all together" },
    solutions.map(() => perSolution),
    (perSolution * solutions.length) / 1000,
  );
  await rewardModel.dispose();
}
const server =
  values.url === undefined
    ? await startServer(["--reward-model", values["reward-model"], "--threads", values.threads, "--quiet"])
    : undefined;
const url = values.url ?? server.url;
for (const concurrency of values.concurrency.split(",").map(Number)) {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const measured = await load(concurrency, seconds, (solution) => post(url, agent, JSON.stringify(solution)));
  report({ where: "over HTTP", concurrency }, measured.latencies, measured.seconds);
  agent.destroy();
}
await server?.stop();
