/** Files by this product: TASK.json. Prints {seconds, ...} of the work, or of the whole command where there is one. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { JsonlAppender } from "../../../src/data/jsonl-appender.js";
import { keyLogFiles } from "../../../src/data/key-log.js";
import { readLabels, solutionKey } from "../../../src/data/read-solutions.js";
import { writeRecords } from "../../../src/data/write-records.js";
import { packageRoot } from "../../../src/native/loader.js";
import type { FilesTask, OpenTask, RelabelTask, ResumeTask } from "../files-task.js";

const task: FilesTask = JSON.parse(readFileSync(process.argv[2] as string, "utf8"));
const pollMs = 10;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function label({ from, etas }: Omit<RelabelTask, "kind">, out: string): ChildProcess {
  const main = join(packageRoot, "dist", "src", "cli", "main.js");
  const options = ["--from", from, "--eta", etas.join(","), "--threads", String(task.threads), "--out", out, "--quiet"];
  return spawn(process.execPath, [main, "label", ...options], { stdio: ["ignore", "ignore", "inherit"] });
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`erprm label ended with ${code}`);
}

async function relabel(wanted: RelabelTask) {
  const out = join(dirname(wanted.to), "run");
  rmSync(out, { recursive: true, force: true });
  const seconds = await timed(() => ended(label(wanted, out)));
  await rename(join(out, "labels.jsonl"), wanted.to);
  return { seconds };
}

/** Killed when the checkpoint has this share of the input, then timed: to the first new record, and to the end. */
async function resume(wanted: ResumeTask) {
  const out = join(dirname(wanted.to), "run");
  rmSync(out, { recursive: true, force: true });
  const killed = label(wanted, out);
  const checkpoint = join(out, "labels.checkpoint.json");
  const enough = wanted.share * statSync(wanted.from).size;
  const placeOf = () => JSON.parse(readFileSync(checkpoint, "utf8"));
  while (!existsSync(checkpoint) || placeOf().read.end < enough) {
    if (killed.exitCode !== null)
      throw new Error("Expected erprm label to be killed before its end: give it more records");
    await pause(pollMs);
  }
  killed.kill("SIGKILL");
  await once(killed, "close");
  const { size } = placeOf().labels;
  const labels = join(out, "labels.jsonl");
  // What a kill leaves behind the checkpoint is cut off first.
  const start = performance.now();
  const child = label(wanted, out);
  const end = ended(child);
  let [isCut, firstSeconds] = [statSync(labels).size <= size, 0];
  const watching = (async () => {
    while (child.exitCode === null && firstSeconds === 0) {
      const now = statSync(labels).size;
      if (now <= size) isCut = true;
      else if (isCut) firstSeconds = (performance.now() - start) / 1000;
      await pause(pollMs);
    }
  })();
  await end;
  const seconds = (performance.now() - start) / 1000;
  await watching;
  const { recordsBefore } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")).counts;
  await rename(labels, wanted.to);
  return { seconds, firstSeconds, recordsBefore };
}

/** With the note of keys that an earlier call left. */
async function openLive({ path }: OpenTask) {
  let recordsBefore = 0;
  const open = async () => {
    const appender = await JsonlAppender.open(path, solutionKey, { keyLog: true });
    recordsBefore = appender.numRecords;
    await appender.close();
  };
  for (const file of keyLogFiles(path)) rmSync(file, { force: true });
  const readAllSeconds = await timed(open);
  return { seconds: await timed(open), readAllSeconds, recordsBefore };
}

async function work() {
  switch (task.kind) {
    case "relabel":
      return relabel(task);
    case "resume":
      return resume(task);
    case "open":
      return openLive(task);
    default:
      return { seconds: await timed(() => writeRecords(task.to, readLabels(task.from))) };
  }
}

console.log(JSON.stringify(await work()));
