/**
 * One writer a run directory: a lock file that names the process. A process is its pid and its start time, so that a lock
 * left by a killed process is told from one held by another process that was given the same pid later. A process of another
 * container cannot be looked up, though its host may have the same name: it touches its lock every few seconds, and one that is
 * not touched any more is left behind.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
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
  /** Within which the pid counts, a container's own; absent where the system does not tell. */
  pidNamespace?: string | undefined;
}

export interface LockTimes {
  /** Between two touches of the lock, milliseconds. */
  beatMs: number;
  /** A lock whose process cannot be looked up is left behind when it was not touched for so long. */
  silenceMs: number;
}

const defaultTimes: LockTimes = { beatMs: 2_000, silenceMs: 12_000 };

/** Of a machine, as the kernel numbers it; every other one is a container's. */
const machineNamespace = "pid:[4026531836]";

/** Holds the lock until `release`, or until the process is gone. */
export class RunLock {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string, handle: FileHandle, beatMs: number) {
    this.path = path;
    this.#handle = handle;
    this.#beat = setInterval(() => {
      const now = new Date();
      // Who cannot do this cannot write the run either, and ends by that.
      handle.utimes(now, now).catch(() => {});
    }, beatMs);
    this.#beat.unref();
  }

  /** @throws ERPRM_RUN_CONFLICT {path, pid, host} when a living process holds it; ERPRM_IO {path}. */
  static async acquire(path: string, { beatMs, silenceMs }: LockTimes = defaultTimes): Promise<RunLock> {
    const guard = `${path}.takeover`;
    const mine = async () => new RunLock(path, await open(path, "r+"), beatMs);
    try {
      for (;;) {
        if (await create(path)) return await mine();
        const mark = await markOf(path);
        const holder = await holderOf(path);
        if (!(await isStale(path, holder, silenceMs))) refuse(path, holder as Holder);
        // Only one process at a time may replace a stale lock, or two could each remove the other's new one.
        if (await create(guard)) {
          try {
            // As it was when it was found to be stale.
            if ((await markOf(path)) !== mark) continue;
            await replace(path);
            return await mine();
          } finally {
            await rm(guard, { force: true });
          }
        }
        if (await isStale(guard, await holderOf(guard), silenceMs)) await rm(guard, { force: true });
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } catch (error) {
      throw ioError(error, path, "write");
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    await this.#handle.close();
    await rm(this.path, { force: true });
  }
}

function refuse(path: string, { pid, host, pidNamespace }: Holder): never {
  const isHere = host === hostname() && (pidNamespace === undefined || pidNamespace === namespaceOfPids());
  const away = isHere ? "" : ` ${whereOf(host)} (remove ${path} if that process is gone)`;
  const message = `Expected no other process to write in this run directory, found process ${pid}${away}`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path, pid, host });
}

function whereOf(host: string): string {
  return host === hostname() ? `in another container that is called ${host}` : `on ${host}`;
}

/** True when the lock's process is gone. Of a process of another host nothing is known: not stale. */
async function isStale(path: string, holder: Holder | undefined, silenceMs: number): Promise<boolean> {
  if (!holder) return true;
  if (holder.host !== hostname()) return false;
  if (cannotBeSeen(holder)) return !(await isTouched(path, silenceMs));
  const now = describe(holder.pid);
  return now === undefined || now.startTime !== holder.startTime || now.bootId !== holder.bootId;
}

/** True for a process of another container, which may be one of another machine. */
function cannotBeSeen({ pidNamespace, bootId }: Holder): boolean {
  const mine = namespaceOfPids();
  if (pidNamespace === undefined || mine === undefined) return false;
  return pidNamespace !== mine || (mine !== machineNamespace && bootId !== idOfBoot());
}

/** Times of files are compared with each other alone, so no clock matters. */
async function isTouched(path: string, silenceMs: number): Promise<boolean> {
  const mark = await markOf(path);
  const startedAt = performance.now();
  while (performance.now() - startedAt < silenceMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(200, silenceMs / 10)));
    if ((await markOf(path)) !== mark) return true;
  }
  return false;
}

/** Another one for another file, and after every touch. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
    throw error;
  }
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
  return { pid, startTime, bootId: idOfBoot(), host: hostname(), pidNamespace: namespaceOfPids() };
}

function idOfBoot(): string {
  return readOrEmpty("/proc/sys/kernel/random/boot_id").trim();
}

function namespaceOfPids(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined;
  }
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
