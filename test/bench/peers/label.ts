/**
 * `erprm label` of builtin:tiny, alone or through a queue with workers on this machine: TASK.json. `seconds` is what the work
 * takes when the models are loaded (through the queue: from when the first worker begins to the end of the command);
 * `commandSeconds` is all of the command.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../src/native/loader.js";
import { makeFolder } from "../../support/folder.js";
import { startNatsServer } from "../../support/nats-server.js";
import { atExit } from "../at-exit.js";
import type { LabelTask } from "../queue-task.js";

const task: LabelTask = JSON.parse(readFileSync(process.argv[2] as string, "utf8"));
const { workers, threads } = task;
const main = join(packageRoot, "dist", "src", "cli", "main.js");
const out = join(makeFolder(atExit), "run");

interface Started {
  /** Resolves when it said so on standard error. */
  says(words: string): Promise<void>;
  /** @throws for another exit code than 0, with what it said */
  ended: Promise<void>;
}

function erprm(args: string[]): Started {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  atExit.teardown(() => child.kill("SIGKILL"));
  let said = "";
  const listeners = new Set<() => void>();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    for (const listener of listeners) listener();
  });
  const ended = once(child, "close").then(([code]) => {
    if (code !== 0) throw new Error(`erprm ${args[0]} ended with ${code}:\n${said.slice(-2000)}`);
  });
  const says = (words: string) =>
    new Promise<void>((resolve) => {
      const listener = () => {
        if (!said.includes(words)) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
      listener();
    });
  return { says, ended };
}

const common = ["--policy", "builtin:tiny", "--threads", String(threads)];
const { problems, numSolutions, numCompletions } = task;
const label = ["label", ...common, "--problems", problems, "--out", out, "--seed", "1"].concat([
  "--num-solutions",
  String(numSolutions),
  "--num-completions",
  String(numCompletions),
]);

const numbers = () => JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
let seconds: number;
let commandSeconds: number;
if (workers === 0) {
  const start = performance.now();
  await erprm(label).ended;
  commandSeconds = (performance.now() - start) / 1000;
  seconds = numbers().timings.run;
} else {
  const { url, kill } = await startNatsServer(atExit);
  const started = Array.from({ length: workers }, () => erprm(["worker", "--queue", url, ...common]));
  const ends = Promise.all(started.map(({ ended }) => ended));
  await Promise.race([ends, Promise.all(started.map(({ says }) => says("waiting for")))]);
  const start = performance.now();
  const writer = erprm([...label, "--queue", url]);
  let begun = Number.POSITIVE_INFINITY;
  for (const { says } of started) {
    void says("works on run").then(() => {
      begun = Math.min(begun, performance.now());
    });
  }
  let end = 0;
  await Promise.all([
    writer.ended.then(() => {
      end = performance.now();
    }),
    ends,
  ]);
  // Ended here, its time counts as this program's.
  await kill();
  commandSeconds = (end - start) / 1000;
  seconds = (end - begun) / 1000;
}
const { counts } = numbers();
const hash = createHash("sha256");
for (const name of ["solutions.jsonl", "labels.jsonl"]) hash.update(readFileSync(join(out, name)));
console.log(JSON.stringify({ seconds, commandSeconds, rollouts: counts.rollouts, bytes: hash.digest("hex") }));
