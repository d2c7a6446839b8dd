/** From the runs of a workload to what is printed. */
import Table from "cli-table3";
import type { ModelConfig } from "../../src/native/contract.js";
import { type Ceilings, leastWork, tileCeiling, vectorCeiling } from "./ceilings.js";
import { median, type Run } from "./measure.js";
import type { PrecisionClass, Quality } from "./quality.js";
import { type Spread, spreadOf } from "./spread.js";
import { numCompletionsOf, type Workload } from "./workload.js";

/** Throws for a run that did not do the work. */
export function expectWholeWork(name: string, { completions, tokens }: Run, workload: Workload): void {
  const expected = numCompletionsOf(workload);
  const most = expected * workload.numTokens;
  const fits = workload.endTokens.length === 0 ? tokens === most : (tokens as number) <= most;
  if (completions === expected && fits && (tokens as number) >= expected) return;
  throw new Error(`${name} gave ${completions} completions and ${tokens} tokens, expected ${expected} and ${most}`);
}

export interface EngineRuns {
  name: string;
  precision: PrecisionClass;
  ours: boolean;
  quality?: Quality | undefined;
  /** How it ran, where that was tried. */
  setting?: string | undefined;
  runs: readonly Run[];
  /** Runs thrown away because others used the machine. */
  discarded: number;
}

export interface SummaryRow {
  workload: string;
  name: string;
  precision: PrecisionClass;
  setting: string | undefined;
  runs: number;
  discarded: number;
  rolloutsPerSecond: Spread;
  tokensPerSecond: Spread;
  tokensPerCompletion: number;
  /** Ours against the fastest peer of the same class, and against the fastest peer: by tokens a second. */
  againstClass: number | undefined;
  againstAll: number | undefined;
  /** 0 to 1 and, where the ceiling is that of vectors, above. */
  ofVectorCeiling: number | undefined;
  ofTileCeiling: number | undefined;
  quality: Quality | undefined;
  peakBytes: number;
  othersShare: number;
}

/** Rows without a run are left out: each of theirs was on a busy machine. */
export function summarize(
  name: string,
  workload: Workload,
  engines: readonly EngineRuns[],
  config: ModelConfig,
  ceilings: Ceilings | undefined,
): SummaryRow[] {
  const measured = engines.filter(({ runs }) => runs.length > 0);
  const rateOf = ({ runs }: EngineRuns) => median(runs.map((run) => (run.tokens as number) / run.seconds));
  const fastest = (peers: EngineRuns[]) => (peers.length === 0 ? undefined : Math.max(...peers.map(rateOf)));
  const peers = measured.filter(({ ours }) => !ours);
  const all = fastest(peers);
  return measured.map((engine) => {
    const { precision, runs, ours } = engine;
    const ofClass = fastest(peers.filter((peer) => peer.precision === precision));
    const ratio = (peer: number | undefined) => (ours && peer !== undefined ? rateOf(engine) / peer : undefined);
    const works = runs.map(
      (run) => leastWork(config, workload, run.completions as number, run.tokens as number) / run.seconds,
    );
    const share = (ceiling: number | undefined) => (ceiling === undefined ? undefined : median(works) / ceiling);
    return {
      workload: name,
      name: engine.name,
      precision,
      setting: engine.setting,
      runs: runs.length,
      discarded: engine.discarded,
      rolloutsPerSecond: spreadOf(runs.map((run) => (run.completions as number) / run.seconds)),
      tokensPerSecond: spreadOf(runs.map((run) => (run.tokens as number) / run.seconds)),
      tokensPerCompletion: median(runs.map((run) => (run.tokens as number) / (run.completions as number))),
      againstClass: ratio(ofClass),
      againstAll: ratio(all),
      ofVectorCeiling: share(ceilings && vectorCeiling(ceilings, precision)),
      ofTileCeiling: share(ceilings && tileCeiling(ceilings, precision)),
      quality: engine.quality,
      peakBytes: median(runs.map((run) => run.peakBytes)),
      othersShare: median(runs.map((run) => run.othersShare)),
    };
  });
}

const percent = (share: number | undefined) => (share === undefined ? "" : `${(100 * share).toFixed(0)} %`);
const times = (ratio: number | undefined) => (ratio === undefined ? "" : `${ratio.toFixed(2)} x`);
const spread = ({ median: middle, low, high }: Spread) =>
  `${middle.toPrecision(3)} (${low.toPrecision(3)} to ${high.toPrecision(3)})`;

export function qualityCell(quality: Quality | undefined): string {
  if (quality === undefined) return "";
  const { difference, rms, agrees } = quality;
  const sign = difference < 0 ? "" : "+";
  return `${sign}${difference.toExponential(1)}, rms ${rms.toExponential(1)}${agrees ? "" : ", DISAGREES"}`;
}

/** One table for all workloads. */
export function summaryTable(rows: readonly SummaryRow[]): string {
  const table = new Table({
    head: [
      "workload",
      "engine",
      "runs",
      "rollouts/s",
      "tokens/s",
      "peer of class",
      "any peer",
      "of vectors",
      "of tiles",
      "ln p against f32",
      "peak MiB",
      "others",
    ],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.workload,
      row.setting === undefined ? row.name : `${row.name}, ${row.setting}`,
      row.discarded === 0 ? row.runs : `${row.runs}, ${row.discarded} thrown away`,
      spread(row.rolloutsPerSecond),
      spread(row.tokensPerSecond),
      times(row.againstClass),
      times(row.againstAll),
      percent(row.ofVectorCeiling),
      percent(row.ofTileCeiling),
      qualityCell(row.quality),
      (row.peakBytes / 2 ** 20).toFixed(0),
      percent(row.othersShare),
    ]);
  }
  return table.toString();
}
