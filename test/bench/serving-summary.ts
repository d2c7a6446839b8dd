/** What comes of the runs of the serving benchmark: medians over runs, and what HTTP costs. */
import Table from "cli-table3";
import { median, type Row, type Run } from "./measure.js";
import type { Latencies } from "./percentiles.js";
import { type Spread, spreadOf } from "./spread.js";

export interface ServingRow {
  row: Row & { what: string; concurrency?: number };
  /** The model. */
  what: string;
  name: string;
  /** Requests in flight; absent where nothing is asked one by one. */
  concurrency?: number | undefined;
  runs: number;
  /** Counted solutions of a run. */
  solutions: number;
  solutionsPerSecond: Spread;
  tokensPerSecond: number;
  /** Milliseconds; of one run each, then over the runs. */
  p50?: Spread | undefined;
  p99?: Spread | undefined;
  peakBytes: number;
  largestDifference: number;
  othersShare: number;
}

export function summaryOf(row: ServingRow["row"], runs: readonly Run[]): ServingRow {
  const { what, name, concurrency } = row;
  const numbers = (key: string) => runs.map((run) => run[key] as number);
  const rates = (key: string) => runs.map((run) => (run[key] as number) / run.seconds);
  const latencies = runs.map((run) => run.latencies as Latencies | undefined).filter((one) => one !== undefined);
  return {
    ...{ row, what, name, concurrency },
    runs: runs.length,
    solutions: runs[0]?.solutions as number,
    solutionsPerSecond: spreadOf(rates("solutions")),
    tokensPerSecond: median(rates("tokens")),
    ...(latencies.length > 0 && {
      p50: spreadOf(latencies.map(({ p50 }) => p50)),
      p99: spreadOf(latencies.map(({ p99 }) => p99)),
    }),
    peakBytes: median(numbers("peakBytes")),
    largestDifference: Math.max(...numbers("difference")),
    othersShare: median(numbers("othersShare")),
  };
}

export interface HttpCost {
  what: string;
  concurrency: number;
  /** At concurrency 1 of the median latency (the wait for others to share the pass is in it); else of the time a solution takes. */
  milliseconds: number;
}

/** Our server against calls in one process: one by one at concurrency 1, otherwise all in one call. */
export function httpCosts(rows: readonly ServingRow[]): HttpCost[] {
  const served = rows.filter(({ name }) => name === "erprm serve");
  return served.map(({ what, concurrency = 1, p50, solutionsPerSecond }) => {
    const inProcess = (way: string) => rows.find((row) => row.what === what && row.name === `in process, ${way}`);
    const milliseconds =
      concurrency === 1
        ? (p50?.median as number) - (inProcess("a call each")?.p50?.median as number)
        : 1000 / solutionsPerSecond.median - 1000 / (inProcess("one call")?.solutionsPerSecond.median as number);
    return { what, concurrency, milliseconds };
  });
}

const shown = (spread: Spread | undefined, digits = 1) =>
  spread === undefined
    ? ""
    : `${spread.median.toFixed(digits)} (${spread.low.toFixed(digits)} - ${spread.high.toFixed(digits)})`;

export function servingTable(rows: readonly ServingRow[]): string {
  const table = new Table({
    head: [
      "model",
      "way",
      "concurrency",
      "runs x solutions",
      "solutions/s",
      "tokens/s",
      "p50 ms",
      "p99 ms",
      "peak MiB",
      "scores differ by",
      "others",
    ],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.what,
      row.name,
      row.concurrency ?? "",
      `${row.runs} x ${row.solutions}`,
      shown(row.solutionsPerSecond),
      row.tokensPerSecond.toFixed(0),
      shown(row.p50),
      shown(row.p99),
      (row.peakBytes / 2 ** 20).toFixed(0),
      row.largestDifference.toExponential(1),
      `${(100 * row.othersShare).toFixed(0)} %`,
    ]);
  }
  return table.toString();
}
