/** One workload on all engines, in turns. */
import { writeFileSync } from "node:fs";
import { mostShare } from "./busy-machine.js";
import {
  candidateSettings,
  chooseSetting,
  type LlamaCppSetting,
  trialCompletions,
  trialRate,
} from "./llama-cpp-setting.js";
import { interleave, type Row, type Run } from "./measure.js";
import type { Engine } from "./rollout-engines.js";
import type { RolloutOptions } from "./rollout-options.js";
import { type EngineRuns, expectWholeWork } from "./rollout-summary.js";
import type { Workload } from "./workload.js";

export interface MeasureParts {
  options: RolloutOptions;
  engines: readonly Engine[];
  /** Where the workload is written for the engines. */
  file: string;
  say(text: string): void;
}

const mostShareOf = ({ keepBusy }: RolloutOptions) => (keepBusy ? 1 : mostShare);
/** For engines that do not look at it. */
const noSetting: LlamaCppSetting = { memory: "unified", slots: 1 };
const isDriver = ({ name }: Engine) => name.startsWith("llama.cpp");

/** Tried with the first weights among the rows; the others run as these do. Undefined: others used the machine during all trials. */
async function settingFor(workload: Workload, parts: MeasureParts): Promise<LlamaCppSetting | undefined> {
  const { options, file, say } = parts;
  const candidates = options.setting ? [options.setting] : candidateSettings(workload, options.slots);
  const engine = parts.engines.find(isDriver);
  if (!engine) return candidates[0];
  return chooseSetting(candidates, async (setting) => {
    const command = [...engine.rollout(file, setting), String(trialCompletions(setting, workload))];
    // As runs that count are, trials are repeated while others use the machine.
    let rate: number | undefined;
    const take = (_: Row, run: Run) => {
      rate = trialRate(run);
    };
    await interleave([{ name: engine.name, command }], 1, take, { mostOthersShare: mostShareOf(options) });
    const result = rate === undefined ? "others used the machine" : `${(rate as number).toPrecision(3)} tokens/s`;
    say(`${engine.name} tried with ${setting.memory}:${setting.slots}: ${result}`);
    return rate;
  });
}

/** Engines that fail, or that the machine was busy with others for, have no runs; `say` told why. */
export async function measureWorkload(name: string, workload: Workload, parts: MeasureParts) {
  const { options, file, say } = parts;
  writeFileSync(file, JSON.stringify(workload));
  const setting = await settingFor(workload, parts);
  if (setting === undefined) say(`${name}: no rows of llama.cpp, others used the machine during all of its trials`);
  const engines = setting === undefined ? parts.engines.filter((engine) => !isDriver(engine)) : parts.engines;
  const rows = engines.map(
    (engine): Row => ({
      name: engine.name,
      command: engine.rollout(file, setting ?? noSetting),
      ...(engine.slow ? { maxRuns: options.slowRuns } : {}),
    }),
  );
  const discarded = new Map<Row, number>();
  const failed = new Set<Row>();
  const tell = (row: Row, run: Run, end = "") =>
    say(`${name}, ${row.name}: ${run.seconds.toFixed(1)} s, others used ${(100 * run.othersShare).toFixed(0)} %${end}`);
  const report = (row: Row, run: Run) => {
    expectWholeWork(row.name, run, workload);
    tell(row, run);
  };
  const results = await interleave(rows, options.runs, report, {
    mostOthersShare: mostShareOf(options),
    discard: (row, run) => {
      discarded.set(row, 1 + (discarded.get(row) ?? 0));
      tell(row, run, ": thrown away");
    },
    fail: (row, error) => {
      failed.add(row);
      process.exitCode = 1;
      say(`${name}, ${row.name}: no row, it failed. ${error.message}`);
    },
  });
  return engines.map((engine, i): EngineRuns & Engine => {
    const row = rows[i] as Row;
    const runs = results.get(row) as Run[];
    if (runs.length === 0 && !failed.has(row)) {
      say(`${name}, ${row.name}: no row, others used the machine during all of its runs`);
    }
    return {
      ...engine,
      setting: setting && isDriver(engine) ? `${setting.memory}:${setting.slots}` : undefined,
      runs,
      discarded: discarded.get(row) ?? 0,
    };
  });
}
