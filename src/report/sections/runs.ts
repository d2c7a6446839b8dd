/** Where everything comes from: the manifests of the runs. */
import { formatNumber } from "../number-format.js";
import { figure, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData, ReportedRun } from "../report-data.js";

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function facts(title: string, values: Record<string, unknown>): Markup | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  if (entries.length === 0) return undefined;
  return html`<h4>${title}</h4><dl>${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`)}</dl>`;
}

function one(run: ReportedRun): Markup {
  return html`<details class="run"><summary>${run.name}: ${run.stage}${!run.isComplete && html` <strong>(unfinished)</strong>`}</summary>
${facts("Run", { path: run.path, stage: run.stage, seed: run.seed })}
${facts("Options", run.options)}${facts("Inputs (SHA-256)", run.inputs)}${facts("Models (fingerprints)", run.models)}
${facts("Counts", run.counts)}${facts("Seconds", run.timings)}${facts("Build", run.build)}</details>`;
}

export function runsSection({ runs }: ReportData): Section {
  const rows = runs.map((run, i) => [
    run.name,
    run.stage,
    run.isComplete ? "complete" : html`<strong>unfinished</strong>`,
    shown(run.seed),
    run.timings.run === undefined
      ? formatNumber(null, "fixed1")
      : figure(`runs.${i}.timings.run`, run.timings.run, "fixed1"),
  ]);
  const columns = [
    { name: "run" },
    { name: "stage" },
    { name: "state" },
    { name: "seed", isNumber: true },
    { name: "seconds", isNumber: true },
  ];
  return { id: "runs", title: "Runs", content: html`${table("Runs in this report", columns, rows)}${runs.map(one)}` };
}
