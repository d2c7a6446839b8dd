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
  /** Of all its processes, loading and all. */
  processorSeconds?: number;
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
  return {
    ...result,
    processorSeconds: user + system + served,
    peakBytes,
    othersShare: others / (wall * cpus().length),
  };
}

export interface TurnOptions {
  /** A run during which others used more of the machine is thrown away and repeated; absent: all runs count. */
  mostOthersShare?: number;
  /** How often in a row before the round goes on without the row. */
  tries?: number;
  /** Is told of a row that failed; it has no runs from then on. Absent: what it throws is thrown. */
  fail?: (row: Row, error: Error) => void;
  /** Instead of `runOnce`. */
  once?: (row: Row) => Promise<Run>;
  /** Is told of runs that are thrown away. */
  discard?: (row: Row, run: Run) => void;
}

/** `runs` rounds of all rows in turn, so that a drift of the machine meets every row. */
export async function interleave(
  rows: Row[],
  runs: number,
  report: (row: Row, run: Run) => void,
  { mostOthersShare = 1, tries = 3, once = runOnce, discard = () => {}, fail }: TurnOptions = {},
): Promise<Map<Row, Run[]>> {
  const results = new Map<Row, Run[]>(rows.map((row) => [row, []]));
  const turn = async (row: Row) => {
    for (let attempt = 0; attempt < tries; attempt++) {
      const run = await once(row);
      if (run.othersShare > mostOthersShare) {
        discard(row, run);
        continue;
      }
      report(row, run);
      results.get(row)?.push(run);
      return;
    }
  };
  const failed = new Set<Row>();
  for (let round = 0; round < runs; round++) {
    for (const row of rows) {
      if (failed.has(row) || round >= (row.maxRuns ?? runs)) continue;
      try {
        await turn(row);
      } catch (error) {
        if (fail === undefined) throw error;
        failed.add(row);
        results.set(row, []);
        fail(row, error as Error);
      }
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
