/** What every program of this folder is started with: one argument, JSON. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceShape } from "./shape-checkpoint.js";

export interface DeviceBench {
  /** "cuda" or "cuda-emulated". */
  device: string;
  shape: DeviceShape;
  runs: number;
  threads: number;
}

export function readBench<Bench extends DeviceBench>(): Bench {
  return JSON.parse(process.argv[2] as string) as Bench;
}

/** A folder that is gone when the program ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "erprm-device-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One result on a line of its own: scripts/device-check reads it. */
export function report(result: Record<string, unknown>): void {
  console.log(JSON.stringify(result));
}
