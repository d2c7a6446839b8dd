/** Folders that are filled step by step and appear only when they are complete. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const mark = ".partial-";

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** What processes that no longer run left unfinished beside `target`. */
function removeLeftovers(target) {
  for (const name of readdirSync(dirname(target))) {
    const prefix = `${basename(target)}${mark}`;
    if (name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length)))) {
      rmSync(join(dirname(target), name), { recursive: true });
    }
  }
}

/**
 * Calls `fill(folder)` with an empty folder beside `target` and renames it to `target` when that succeeded. A process
 * that is killed leaves nothing that looks finished; of two that fill at once, the first one's folder stays.
 */
export async function fillFolder(target, fill) {
  mkdirSync(dirname(target), { recursive: true });
  removeLeftovers(target);
  const staging = `${target}${mark}${process.pid}`;
  mkdirSync(staging);
  try {
    await fill(staging);
    if (!existsSync(target)) renameSync(staging, target);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
