/** What another process has used, read from /proc. */
import { readFileSync, writeFileSync } from "node:fs";

const clockTicksPerSecond = 100;

/** Processor seconds of a process's threads, and of its children that ended. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is a name that may hold anything but ends at the last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / clockTicksPerSecond;
}

/** The peak counts anew from here on. */
export function forgetPeakBytes(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

export function peakBytesOf(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kilobytes === undefined) throw new Error(`Expected VmHWM in /proc/${pid}/status`);
  return Number(kilobytes) * 1024;
}
