/**
 * Proves on a real run what the tests prove on a small one: the same bytes whether a run is left alone, killed with SIGKILL at
 * random moments and resumed, run with another number of threads, or with another batch size.
 *
 *   node scripts/kill-and-resume.mjs [--kills 10] -- label --policy MODEL --problems FILE ... (no --out, --threads, --batch-size)
 *   node scripts/kill-and-resume.mjs [--kills 10] -- train prm --model MODEL --labels FILE --checkpoint-every 2 ...
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "./setup.mjs";

const { values, positionals } = parseArgs({ options: { kills: { type: "string" } }, allowPositionals: true });
const numKills = Number(values.kills ?? 10);
const program = join(packageRoot, "dist", "src", "cli", "main.js");
const folder = mkdtempSync(join(tmpdir(), "erprm-kill-"));

/** Runs the command into `out`; kills it after `limitMs`, if given. Resolves to whether it ended by itself. */
function run(out, extra, limitMs) {
  const args = [program, ...positionals, ...extra, "--out", out, "--quiet"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let message = "";
  child.stderr.on("data", (chunk) => {
    message += chunk;
  });
  const timer = limitMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), limitMs);
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (signal === "SIGKILL") resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(`exit code ${code}: ${message}`));
    });
  });
}

/** Every file of the run but the manifest, which holds times and names of the run. */
function hashes(out) {
  return readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(out, join(parentPath, name)))
    .filter((file) => file !== "manifest.json")
    .sort()
    .map((file) => {
      const hash = createHash("sha256").update(readFileSync(join(out, file)));
      return `${file} ${hash.digest("hex")}`;
    })
    .join("\n");
}

const isTraining = positionals[0] === "train";
const live = isTraining ? ["training.jsonl"] : ["solutions.jsonl", "labels.jsonl"];
const linesIn = (out, file) =>
  existsSync(join(out, file)) ? readFileSync(join(out, file), "utf8").split("\n").length - 1 : 0;

const alone = join(folder, "alone");
const start = performance.now();
await run(alone, []);
const wholeMs = performance.now() - start;
const wanted = hashes(alone);
console.log(`left alone (${(wholeMs / 1000).toFixed(1)} s):\n${wanted}`);
let failures = 0;
const compare = (title, out) => {
  const same = hashes(out) === wanted;
  if (!same) failures += 1;
  console.log(`${same ? "same bytes" : `DIFFERENT:\n${hashes(out)}`}: ${title}`);
};

const killed = join(folder, "killed");
let kills = 0;
while (kills < numKills) {
  // Some lives end before anything is finished, some after; together they should outlast the run.
  const limitMs = 1000 + Math.random() * (wholeMs / 3);
  if (await run(killed, [], limitMs)) break;
  kills += 1;
  const found = live.map((file) => `${linesIn(killed, file)} lines in ${file}`);
  console.error(`kill ${kills} after ${limitMs.toFixed(0)} ms: ${found.join(", ")}`);
}
await run(killed, []);
compare(`killed ${kills} times and resumed`, killed);
for (const threads of new Set([1, availableParallelism()])) {
  const out = join(folder, `threads-${threads}`);
  // The batches of a training are a part of what it is.
  await run(out, ["--threads", String(threads), ...(isTraining ? [] : ["--batch-size", "16"])]);
  compare(`${threads} threads${isTraining ? "" : ", batch size 16"}`, out);
}
process.exit(failures === 0 ? 0 : 1);
