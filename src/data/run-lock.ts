/**
 * One writer a run directory: a lock file that names the process. A process is its pid and its start time, so that a lock
 * left by a killed process is told from one held by another process that was given the same pid later.
 */
import { readFileSync } from "node:fs";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { ErprmError } from "../errors.js";
import { ioError } from "./io-error.js";

interface Holder {
  pid: number;
  /** Of the process, in the kernel's clock ticks since boot; empty where the system does not tell. */
  startTime: string;
  /** Names the boot that `startTime` counts from; empty where the system does not tell. */
  bootId: string;
  host: string;
}

/** Holds the lock until `release`, or until the process is gone. */
export class RunLock {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws ERPRM_RUN_CONFLICT {path, pid, host} when a living process holds it; ERPRM_IO {path}. */
  static async acquire(path: string): Promise<RunLock> {
    const guard = `${path}.takeover`;
    try {
      for (;;) {
        if (await create(path)) return new RunLock(path);
        refuseIfHeld(path, await holderOf(path));
        // Only one process at a time may replace a stale lock, or two could each remove the other's new one.
        if (await create(guard)) {
          try {
            if (isStale(await holderOf(path))) await replace(path);
            else continue;
            return new RunLock(path);
          } finally {
            await rm(guard, { force: true });
          }
        }
        if (isStale(await holderOf(guard))) await rm(guard, { force: true });
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } catch (error) {
      throw ioError(error, path, "write");
    }
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

function refuseIfHeld(path: string, holder: Holder | undefined): void {
  if (isStale(holder)) return;
  const { pid, host } = holder as Holder;
  const away = host === hostname() ? "" : ` on ${host} (remove ${path} if that process is gone)`;
  const message = `Expected no other process to write in this run directory, found process ${pid}${away}`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path, pid, host });
}

/** True when the lock's process is gone. Of a process of another host nothing is known: not stale. */
function isStale(holder: Holder | undefined): boolean {
  if (!holder) return true;
  if (holder.host !== hostname()) return false;
  const now = describe(holder.pid);
  return now === undefined || now.startTime !== holder.startTime || now.bootId !== holder.bootId;
}

/** The living process with this pid; undefined when there is none. */
function describe(pid: number): Holder | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
  }
  // /proc/PID/stat: the second field is the name in parentheses and may hold anything; the start time is field 22.
  const fields = readOrEmpty(`/proc/${pid}/stat`)
    .replace(/^.*\)\s/s, "")
    .split(" ");
  const startTime = fields[0] === "Z" ? "zombie" : (fields[19] ?? "");
  return { pid, startTime, bootId: readOrEmpty("/proc/sys/kernel/random/boot_id").trim(), host: hostname() };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** False when the file is there already. */
async function create(path: string): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  try {
    await handle.writeFile(JSON.stringify(describe(process.pid)));
  } finally {
    await handle.close();
  }
  return true;
}

async function replace(path: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await rm(temporary, { force: true });
  await create(temporary);
  await rename(temporary, path);
}

/**
 * Undefined for a lock file that is gone or unreadable. One that is empty may have been created this very moment: it is read
 * again a little later before it counts as left behind.
 */
async function holderOf(path: string): Promise<Holder | undefined> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      const holder = JSON.parse(await readFile(path, "utf8")) as Holder;
      if (Number.isInteger(holder.pid) && holder.pid > 0) return holder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return undefined;
}
