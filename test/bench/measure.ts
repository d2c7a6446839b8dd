/** Running rows of a benchmark: one process a run, in turns, with the share of the machine that others used. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { cpuSecondsOf, forgetPeakBytes, peakBytesOf } from "./process-usage.js";

/** One implementation of a workload: a program that prints one JSON line {seconds, ...} last. */
export interface Row {
  name: string;
  command: string[];
  /** At most so many counted runs: for peers that need minutes. */
  maxRuns?: number;
  /** Process that works for this row while it runs: its time is not that of others, and its memory is the row's. */
  server?: number;
}

export interface Run {
  seconds: number;
  peakBytes: number;
  /** Share of all cores that other processes used during the run, 0 to 1. */
  othersShare: number;
  [detail: string]: unknown;
}

const clockTicksPerSecond = 100;

/** Seconds all cores together were busy since start-up. */
function busySeconds(): number {
  const fields = (readFileSync("/proc/stat", "utf8").split("\n")[0] as string).trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  return (user + nice + system + irq + softirq + steal) / clockTicksPerSecond;
}

/** Runs a row once. Throws when the program fails, with what it said. */
export async function runOnce(row: Row): Promise<Run> {
  const [program, ...args] = row.command;
  const { server } = row;
  if (server !== undefined) forgetPeakBytes(server);
  const serverBefore = server === undefined ? 0 : cpuSecondsOf(server);
  const [start, busyBefore] = [performance.now(), busySeconds()];
  const child = spawn("/usr/bin/env", ["time", "-f", "%U %S %M", program as string, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${row.name} ended with ${code}:\n${err.slice(-2000)}`);
  const [user = 0, system = 0, kilobytes = 0] = (err.trim().split("\n").at(-1) as string).split(" ").map(Number);
  const wall = (performance.now() - start) / 1000;
  const served = server === undefined ? 0 : cpuSecondsOf(server) - serverBefore;
  const others = Math.max(0, busySeconds() - busyBefore - user - system - served);
  const peakBytes = server === undefined ? kilobytes * 1024 : peakBytesOf(server);
  const result = JSON.parse(out.trim().split("\n").at(-1) as string);
  return { ...result, peakBytes, othersShare: others / (wall * cpus().length) };
}

/** `runs` rounds of all rows in turn, so that a drift of the machine meets every row. */
export async function interleave(
  rows: Row[],
  runs: number,
  report: (row: Row, run: Run) => void,
): Promise<Map<Row, Run[]>> {
  const results = new Map<Row, Run[]>(rows.map((row) => [row, []]));
  for (let round = 0; round < runs; round++) {
    for (const row of rows) {
      if (round >= (row.maxRuns ?? runs)) continue;
      const run = await runOnce(row);
      results.get(row)?.push(run);
      report(row, run);
    }
  }
  return results;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
