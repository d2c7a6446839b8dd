/** Runs stages one after the other, each with its time, whatever became of the others; keeps every result at once. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandsOf, StageFailure } from "./command.mjs";

/**
 * @typedef {{ status: "passed" | "failed", seconds: number, reason?: string, facts?: object, tests?: object[], results?: object[] }} StageResult
 * @typedef {{ name: string, seconds: number, always?: boolean, run: (stage: object) => Promise<Partial<StageResult>> }} Stage
 * `seconds`: its most; `always`: it is run again although it passed before. `run` is given the settings, `run`, `expect` and `expectJson` (command.mjs) and `before`, the results so far by
 * stage; it throws StageFailure, or returns `failed: reason`, for what does not hold.
 */

/** What a former call left, when it is to go on. */
export function readResults(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { stages: {} };
}

/**
 * A stage that passed before is not run again, unless it says so. With `minutes`, no stage runs longer than that from now on, and one that would have less
 * than a third of its time is left for another call.
 * @param {Stage[]} stages @param {{ out: string, root: string, resume: boolean, minutes?: number, say: (line: string) => void }} settings
 */
export async function runStages(stages, settings) {
  const { out, root, resume, minutes = Number.POSITIVE_INFINITY, say } = settings;
  mkdirSync(out, { recursive: true });
  const file = join(out, "results.json");
  const results = resume ? readResults(file) : { stages: {} };
  results.device = settings.device;
  const end = Date.now() + minutes * 60_000;
  for (const stage of stages) {
    if (results.stages[stage.name]?.status === "passed" && !stage.always) {
      say(`${stage.name}: passed before`);
      continue;
    }
    const start = Date.now();
    if (end - start < (stage.seconds * 1000) / 3) {
      say(`${stage.name}: left for another call, its time is over`);
      continue;
    }
    say(`${stage.name}: at most ${stage.seconds} s`);
    const deadline = Math.min(start + stage.seconds * 1000, end);
    const log = join(out, `${stage.name}.log`);
    writeFileSync(log, "");
    const result = await outcomeOf(stage, {
      ...settings,
      ...commandsOf({ log, cwd: root, deadline }),
      before: results.stages,
    });
    result.seconds = (Date.now() - start) / 1000;
    results.stages[stage.name] = result;
    writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
    say(
      `${stage.name}: ${result.status} after ${result.seconds.toFixed(0)} s${result.reason ? `: ${result.reason}` : ""}`,
    );
  }
  return results;
}

async function outcomeOf(stage, given) {
  try {
    const { failed, ...result } = await stage.run(given);
    return failed ? { status: "failed", reason: failed, ...result } : { status: "passed", ...result };
  } catch (error) {
    const reason = error instanceof StageFailure ? error.message : (error.stack ?? String(error));
    return { status: "failed", reason, results: error.results };
  }
}
