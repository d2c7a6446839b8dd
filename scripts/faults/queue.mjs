/**
 * Many machines on this one: the same problems labelled by one process, by shards, and through the queue while workers, the
 * writer and nats-server are killed with SIGKILL at random; then a problem that kills its workers. All must have the same bytes.
 *
 *   node scripts/faults/queue.mjs [--problems 200] [--kills 50] [--workers 3] [--shards 4] [--seed 1] [--nats-server PATH]
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { capture } from "../command.mjs";
import { packageRoot } from "../setup.mjs";
import { Supervised } from "./supervised.mjs";

const { values } = parseArgs({
  options: {
    problems: { type: "string", default: "200" },
    kills: { type: "string", default: "50" },
    workers: { type: "string", default: "3" },
    shards: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
    "nats-server": { type: "string", default: "nats-server" },
  },
});
const [numKills, numWorkers, numShards] = [values.kills, values.workers, values.shards].map(Number);
const folder = mkdtempSync(join(tmpdir(), "erprm-faults-"));
const path = (...names) => join(folder, ...names);
const program = join(packageRoot, "dist", "src", "cli", "main.js");
const fakeProgram = join(packageRoot, "dist", "test", "support", "fake-cli.js");
const files = ["solutions.jsonl", "labels.jsonl"];
let numDifferent = 0;

/** Park and Miller's generator: the same kills for the same seed, as far as the machine goes along. */
let state = (Number(values.seed) % 2147483646) + 1;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

function erprm(...args) {
  const { status, stderr } = capture(process.execPath, [program, ...args, "--quiet"]);
  if (status !== 0) throw new Error(`erprm ${args.join(" ")} ended with ${status}: ${stderr}`);
}

function compare(title, out, expected = "plain") {
  const isSame = files.every((file) => readFileSync(path(out, file)).equals(readFileSync(path(expected, file))));
  if (!isSame) numDifferent += 1;
  console.log(`${isSame ? "same bytes" : "DIFFERENT"}: ${title}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const label = ["label", "--policy", "builtin:tiny", "--threads", "1", "--problems", path("p.jsonl")];
const run = [...label, ...["--num-solutions", "4", "--num-completions", "8"]];
const port = await freePort();
const url = `nats://127.0.0.1:${port}`;
const startServer = () =>
  new Supervised(values["nats-server"], ["-js", "-sd", path("store"), "-a", "127.0.0.1", "-p", String(port)]);

async function withKills(out) {
  const server = startServer();
  const worker = ["worker", "--queue", url, "--policy", "builtin:tiny", "--threads", "1", "--stay"];
  const workers = Array.from({ length: numWorkers }, () => new Supervised(process.execPath, [program, ...worker]));
  // These units go down with workers that were killed from outside, which says nothing about the units.
  const queue = ["--queue", url, "--ack-wait", "1", "--max-tries", "1000"];
  const counts = { worker: 0, writer: 0, server: 0 };
  let total = 0;
  try {
    for (let round = 0; total < numKills || round === 0; round += 1) {
      const name = `${out}-${round}`;
      const args = [program, ...run, "--seed", String(round), ...queue, "--out", path(name)];
      const writer = new Supervised(process.execPath, args, { isDone: (code) => code === 0 || code === 2 });
      while (!writer.isOver && total < numKills) {
        await sleep(200 + 1300 * random());
        const role = ["worker", "writer", "server"][Math.floor(3 * random())];
        if (writer.isOver) break;
        if (role === "worker") workers[Math.floor(numWorkers * random())].kill();
        else (role === "writer" ? writer : server).kill();
        counts[role] += 1;
        total += 1;
      }
      const code = await writer.done();
      if (code !== 0) throw new Error(`the writer ended with ${code}: ${writer.lastWords}`);
      if (round > 0) erprm(...run, "--seed", String(round), "--out", path(`plain-${round}`));
      const killed = Object.entries(counts).map(([role, count]) => `${role} ${count}`);
      compare(
        `queue, round ${round}, kills so far: ${killed.join(", ")}`,
        name,
        round === 0 ? "plain" : `plain-${round}`,
      );
    }
  } finally {
    for (const one of [...workers, server]) one.stop();
  }
}

async function withPoison() {
  const common = [
    "label",
    "--policy",
    "fake",
    "--problems",
    path("p.jsonl"),
    "--num-solutions",
    "2",
    "--split",
    "tag:*",
  ];
  const fake = [...common, "--max-tokens", "60", "--num-completions", "4", "--completion-max-tokens", "40"];
  const lines = readFileSync(path("p.jsonl"), "utf8").trimEnd().split("\n");
  const poison = JSON.parse(lines[Math.floor(lines.length * random())]).id;
  const { status, stderr } = capture(process.execPath, [fakeProgram, ...fake, "--out", path("fake-plain"), "--quiet"]);
  if (status !== 0) throw new Error(`the plain run ended with ${status}: ${stderr}`);
  const server = startServer();
  const args = [fakeProgram, ...fake, "--out", path("fake"), "--queue", url, "--ack-wait", "1"];
  const writer = new Supervised(process.execPath, args, { isDone: (code) => code === 0 || code === 2 });
  const worker = [fakeProgram, "worker", "--queue", url, "--policy", "fake", "--stay"];
  const workers = [0, 1].map(() => new Supervised(process.execPath, worker, { env: { FAKE_POISON: poison } }));
  try {
    const code = await writer.done();
    const failed = readFileSync(path("fake", "failed.jsonl"), "utf8").trimEnd().split("\n").map(JSON.parse);
    const plain = readFileSync(path("fake-plain", "labels.jsonl"), "utf8").trimEnd().split("\n");
    const rest = plain.filter((line) => JSON.parse(line).problemId !== poison);
    const isRight =
      code === 2 &&
      failed.length === 1 &&
      failed[0].problemId === poison &&
      readFileSync(path("fake", "labels.jsonl"), "utf8") === `${rest.join("\n")}\n`;
    if (!isRight) numDifferent += 1;
    const found = failed.map(({ problemId, tries }) => `${problemId} after ${tries} tries`).join(", ");
    console.log(`${isRight ? "as it should be" : "WRONG"}: poisoned ${poison}; exit code ${code}, set aside: ${found}`);
  } finally {
    for (const one of [...workers, server]) one.stop();
  }
}

const startedAt = performance.now();
console.log(`${values.problems} problems, ${numKills} kills, seed ${values.seed}, in ${folder}`);
erprm("problems", "--num", values.problems, "--out", path("p.jsonl"));
erprm(...run, "--out", path("plain"));
for (let i = 0; i < numShards; i += 1) erprm(...run, "--shard", `${i}/${numShards}`, "--out", path("shards"));
erprm("merge", "--out", path("merged"), path("shards"));
compare(`${numShards} shards, merged`, "merged");
await withKills("queue");
await withPoison();
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
process.exit(numDifferent === 0 ? 0 : 1);
