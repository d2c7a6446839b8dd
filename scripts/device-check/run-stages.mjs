/** Runs stages one after the other, whatever became of the others; keeps every result at once. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandsOf } from "./command.mjs";
import { openResults } from "./results.mjs";
import { inOrder, runParts, sumUp } from "./run-parts.mjs";

/**
 * @typedef {{ name: string, seconds: number, run: (given: object) => Promise<object | undefined> }} Part `run` is given the settings,
 * `run`, `expect` and `measure` (command.mjs), `keep`, and `results` (results.mjs); it throws StageFailure, or returns
 * `failed: reason`, for what does not hold, and may return `tests`, `facts` and a `warning`.
 * @typedef {{ name: string, seconds: number, always?: boolean, needed?: boolean, needs?: [stage: string, part: string], parts: (given: object) => Part[] | Promise<Part[]> }} Stage
 * `seconds`: the most of a part, or of all parts; `always`: it runs again although it passed before; `needed`: without it nothing
 * else is run; `needs`: a part of an earlier stage without which this one is not run.
 */

/** A stage of one part. */
export const single = ({ run, ...stage }) => ({
  ...stage,
  parts: () => [{ name: stage.name, seconds: stage.seconds, run }],
});

async function runStage(stage, given) {
  const { results, again, say, save } = given;
  const earlier = results.stages[stage.name];
  const isFresh = stage.always || again.includes(stage.name);
  const start = Date.now();
  const result = {
    status: "running",
    date: new Date(start).toISOString(),
    // The results of a stage that runs again stay until its parts give others.
    parts: isFresh ? {} : (earlier?.parts ?? {}),
    results: earlier?.results ?? [],
  };
  results.stages[stage.name] = result;
  const log = join(given.out, `${stage.name}.log`);
  if (isFresh || !earlier) writeFileSync(log, "");
  say(`${stage.name}: at most ${stage.seconds} s`);
  const end = Math.min(start + stage.seconds * 1000, given.end);
  let parts = [];
  try {
    parts = await stage.parts({ ...given, ...commandsOf({ log, cwd: given.root, deadline: end }) });
  } catch (error) {
    parts = [{ name: stage.name, seconds: 0, run: () => Promise.reject(error) }];
  }
  await runParts(parts, result, { ...given, log, end });
  sumUp(parts, result);
  result.commit = given.commit();
  result.seconds = (Date.now() - start) / 1000;
  if (Object.keys(result.parts).length === 0) {
    if (earlier) results.stages[stage.name] = earlier;
    else delete results.stages[stage.name];
    say(`${stage.name}: left for another call, its time is over`);
  } else {
    say(
      `${stage.name}: ${result.status} after ${result.seconds.toFixed(0)} s${result.reason ? `: ${result.reason}` : ""}`,
    );
  }
  save();
}

/** Whether the stage must wait for another call, as the part that it needs was tried in this one and did not pass. */
function isLeftOut({ name, needs: [stage, part] = [] }, tried, { results, say }) {
  if (!tried.includes(stage) || results.stages[stage]?.parts[part]?.status === "passed") return false;
  const reason = `${stage} has no ${part}`;
  say(`${name}: not run: ${reason}`);
  // What an earlier call found out stays.
  results.stages[name] ??= { status: "not run", date: new Date().toISOString(), reason, parts: {}, results: [] };
  return true;
}

/**
 * Stages that passed before are not run again, unless they are named in `again` or say so themselves; of the others, the parts that
 * passed are not. `minutes` bounds all together.
 * @param {Stage[]} stages
 * @param {{ device: string, out: string, root: string, resume: boolean, again?: string[], minutes?: number,
 *   interrupt?: { by?: string }, say: (line: string) => void }} settings
 */
export async function runStages(stages, settings) {
  const { resume, again = [], minutes = Number.POSITIVE_INFINITY, interrupt = {}, say } = settings;
  const { results, save } = openResults(settings.out, { device: settings.device, isKept: resume || again.length > 0 });
  const commit = () => results.built?.commit;
  const given = { ...settings, again, interrupt, results, save, commit, end: Date.now() + minutes * 60_000 };
  const isAlways = (stage) => stage.always === true;
  const ordered = [
    ...stages.filter(isAlways),
    ...inOrder(
      stages.filter((stage) => !isAlways(stage)),
      ({ name }) => (again.includes(name) ? undefined : results.stages[name]),
    ),
  ];
  const tried = [];
  for (const stage of ordered) {
    if (interrupt.by) break;
    if (isLeftOut(stage, tried, given)) continue;
    if (results.stages[stage.name]?.status === "passed" && !isAlways(stage) && !again.includes(stage.name)) {
      say(`${stage.name}: passed before`);
      continue;
    }
    await runStage(stage, given);
    tried.push(stage.name);
    if (stage.needed && results.stages[stage.name]?.status !== "passed") {
      say(`without ${stage.name} nothing else is run`);
      break;
    }
  }
  save();
  return results;
}
