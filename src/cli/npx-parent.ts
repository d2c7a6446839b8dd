/**
 * `npx erprm` is npm, which starts a shell, which starts this process. A signal that is sent to npx ends npm and the shell and
 * never comes here, so the work would go on with nobody who knows of it. Both are watched instead.
 * Programs that were started in any other way outlive their parents as they like.
 */
import { readFileSync } from "node:fs";

/** Between two looks. Looking takes microseconds. */
const lookMs = 200;

/** True for the command line of the shell in which npx runs this program, and nothing beside it. */
export function isShellOfNpx(commandLine: readonly string[], env: NodeJS.ProcessEnv): boolean {
  // What a process started by npx starts in its turn has the same environment, and another parent.
  const { npm_command: command, npm_lifecycle_script: script = "" } = env;
  const [, option, line = ""] = commandLine;
  return command === "exec" && /^(["']?)erprm\1$/.test(script) && option === "-c" && line.startsWith(script);
}

function readProcess(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It is gone, which its child sees by itself, or this process has no file left to open, which says nothing.
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  // PID (NAME) STATE PARENT ...; the name may hold anything.
  const [, parent] = readProcess(pid, "stat")?.split(/.*\) /s)[1]?.split(" ") ?? [];
  return parent === undefined ? undefined : Number(parent);
}

/** Calls `gone` once when this process was started by npx and npx, or its shell, is no more. Keeps no process alive. */
export function whenNpxEnds(gone: () => void, env: NodeJS.ProcessEnv = process.env): void {
  const shell = process.ppid;
  const commandLine = readProcess(shell, "cmdline")?.split("\0") ?? [];
  const npx = parentOf(shell);
  if (npx === undefined || !isShellOfNpx(commandLine, env)) return;
  const timer = setInterval(() => {
    if (process.ppid === shell && (parentOf(shell) ?? npx) === npx) return;
    clearInterval(timer);
    gone();
  }, lookMs);
  timer.unref();
}
