/** results.json: what every stage gave so far, written at each change; older ones are kept beside it under their dates. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../setup-error.mjs";

/**
 * @typedef {"passed" | "failed" | "unfinished" | "running" | "not run"} Status `unfinished`: for want of time, or interrupted;
 * `running`: in a file, that the process was killed meanwhile; `not run`: what it needs failed
 * @typedef {{ status: Status, date: string, seconds?: number, commit?: string, reason?: string, tests?: Tests, facts?: object }} PartResult
 * @typedef {{ passed: number, failed: number, failures?: string[] }} Tests
 * @typedef {PartResult & { parts: Record<string, PartResult>, results: object[] }} StageResult
 * `commit`: that the programs were built from; of a stage, of its latest part. Results have their `part`, `commit` and `date`.
 * @typedef {{ device: string, built?: { commit?: string, date: string }, stages: Record<string, StageResult> }} Results
 */

const fileDate = (date) => date.replace(/[:.]/g, "-");

/**
 * What the folder holds, when it is `kept`, or nothing; either way a copy of the file remains as results-DATE.json.
 * Throws SetupError for results of another device. @returns {{ results: Results, save: () => void, file: string }}
 */
export function openResults(folder, { device, isKept, now = new Date().toISOString() }) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "results.json");
  let results = { device, stages: {} };
  if (existsSync(file)) {
    const earlier = JSON.parse(readFileSync(file, "utf8"));
    if (isKept && earlier.device !== device) {
      throw new SetupError(
        `Expected results of ${device} in ${file}, found those of ${earlier.device}: name another --out`,
        2,
      );
    }
    copyFileSync(file, join(folder, `results-${fileDate(earlier.date ?? now)}.json`));
    if (isKept) results = earlier;
  }
  results.date = now;
  const save = () => {
    // Renamed, so that whoever is killed here leaves the old file or the new one.
    writeFileSync(`${file}.new`, `${JSON.stringify(results, undefined, 1)}\n`);
    renameSync(`${file}.new`, file);
  };
  return { results, save, file };
}
