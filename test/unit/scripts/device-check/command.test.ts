import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import anyTest from "ava";
import { packageRoot } from "../../../../src/native/loader.js";
import { makeFolder } from "../../../support/folder.js";
import { importScript } from "../../../support/script.js";

// A signal kills whatever this process runs, what another test started too.
const test = anyTest.serial;

interface Commands {
  run(
    command: string,
    args: string[],
    options?: { onLine?: (line: string) => void },
  ): Promise<{ status: number; signal: string | null; lines: string[] }>;
}
const commandFile = "device-check/command.mjs";
const { commandsOf } = await importScript<{
  commandsOf(part: { log: string; cwd: string; deadline: number; secondsToDie?: number }): Commands;
}>(commandFile);
const { watchSignals } = await importScript<{
  watchSignals(process: EventEmitter, say: () => void): { by?: string; exitCode?: number };
}>("device-check/interrupt.mjs");

const node = process.execPath;

/** Resolves when no process has this id; ends with the test's time otherwise. */
async function gone(id: number): Promise<void> {
  for (;;) {
    try {
      process.kill(id, 0);
    } catch {
      return;
    }
    // A process without a parent that waits for it stays as a zombie.
    if (/^State:\s+Z/m.test(readFileSync(`/proc/${id}/status`, "utf8"))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const scriptUrl = (name: string) => pathToFileURL(join(packageRoot, "scripts/device-check", name)).href;

/** Runs a module's text to its end; `onFirst` is called when it has printed something. */
async function runModule(
  text: string,
  cwd: string,
  onFirst: (child: ChildProcess) => void = () => {},
): Promise<{ code: number; lines: string[] }> {
  const child = spawn(node, ["--input-type=module", "-e", text], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (part: string) => {
    if (printed === "") onFirst(child);
    printed += part;
  });
  const [code] = await once(child, "close");
  return { code, lines: printed.trim().split("\n") };
}

test("lines come while the command still runs, whole, and the last one without its end", async (t) => {
  const folder = makeFolder(t);
  const { run } = commandsOf({ log: join(folder, "log"), cwd: folder, deadline: Date.now() + 60_000 });
  const lines: string[] = [];
  // It ends when it sees the file that its first line brings about.
  const program = `
    const { existsSync } = require("node:fs");
    process.stdout.write("fi"); process.stdout.write("rst\\n");
    setInterval(() => { if (existsSync("seen")) { process.stdout.write("last"); process.exit(4); } }, 10);`;
  const onLine = (line: string) => {
    lines.push(line);
    if (line === "first") writeFileSync(join(folder, "seen"), "");
  };
  const { status, lines: all } = await run(node, ["-e", program], { onLine });
  t.deepEqual([status, lines, all], [4, ["first", "last"], ["first", "last"]]);
});

test("when its time is over a command is killed with what it started", async (t) => {
  const folder = makeFolder(t);
  const { run } = commandsOf({ log: join(folder, "log"), cwd: folder, deadline: Date.now() + 4000 });
  // Two: one in its process group, and one in a group of its own, as build tools make them.
  const program = "sleep 600 & echo $!; set -m; sleep 600 & echo $!; wait";
  const children: number[] = [];
  const error = await t.throwsAsync(run("bash", ["-c", program], { onLine: (line) => children.push(Number(line)) }), {
    message: /time was over/,
  });
  t.like(error, { isLate: true });
  t.is(children.length, 2);
  for (const child of children) await gone(child);
});

test("what cannot be killed does not keep the others waiting, nor the process from ending", async (t) => {
  const folder = makeFolder(t);
  // A process of another session holds the output of the one that is killed, as one that hangs in a driver would.
  const program = `
    const { spawn } = require("node:child_process");
    const child = spawn("sleep", ["600"], { detached: true, stdio: ["ignore", "inherit", "ignore"] });
    console.log(child.pid); setInterval(() => {}, 1000);`;
  const script = `
    const { commandsOf } = await import(${JSON.stringify(scriptUrl("command.mjs"))});
    const { run } = commandsOf({ log: "log", cwd: ".", deadline: Date.now() + 4000, secondsToDie: 0.2 });
    const options = { onLine: (line) => console.log(line) };
    await run(process.execPath, ["-e", ${JSON.stringify(program)}], options).catch(({ message }) => console.log(message));`;
  const { code, lines } = await runModule(script, folder);
  process.kill(Number(lines[0]), "SIGKILL");
  t.is(code, 0);
  t.regex(lines[1] ?? "", /time was over/);
});

test("a signal kills the command that runs and leaves none behind; the exit code says which signal", async (t) => {
  const folder = makeFolder(t);
  const script = `
    const { commandsOf } = await import(${JSON.stringify(scriptUrl("command.mjs"))});
    const { watchSignals } = await import(${JSON.stringify(scriptUrl("interrupt.mjs"))});
    const interrupt = watchSignals(process, () => {});
    const { run } = commandsOf({ log: "log", cwd: ".", deadline: Date.now() + 600000 });
    const program = "console.log(process.pid); setInterval(() => {}, 1000)";
    const { signal } = await run(process.execPath, ["-e", program], { onLine: (line) => console.log(line) });
    console.log(interrupt.by + " " + signal);
    process.exitCode = interrupt.exitCode;`;
  const { code, lines } = await runModule(script, folder, (child) => child.kill("SIGTERM"));
  const [id, last] = lines;
  t.deepEqual([code, last], [143, "SIGTERM SIGKILL"]);
  await gone(Number(id));
});

test("the second signal ends the process at once", (t) => {
  const codes: number[] = [];
  const process = Object.assign(new EventEmitter(), { exit: (code: number) => codes.push(code) });
  const interrupt = watchSignals(process, () => {});
  process.emit("SIGINT");
  t.deepEqual([interrupt.by, interrupt.exitCode, codes], ["SIGINT", 130, []]);
  process.emit("SIGHUP");
  t.deepEqual(codes, [129]);
});
