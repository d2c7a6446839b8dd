/** The summary of a fine-tuning: a table of its rounds, from finetune.json. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Estimate } from "../evaluation/evaluation.js";
import type { Finetuning, PolicyMeasures, Round } from "../evaluation/finetuning.js";
import { formatByteSize } from "./byte-size.js";
import { formatDuration } from "./progress.js";
import type { RunSummary } from "./summary.js";
import type { SummaryForm } from "./with-run.js";

export const finetuneFile = "finetune.json";

const percent = (share: number | null) => (share === null ? "-" : `${(100 * share).toFixed(1)} %`);

/** `61.3 % (56.0 to 66.4)`. */
export function accuracyText({ value, low, high }: Estimate): string {
  if (value === null) return "-";
  const interval = low === null || high === null ? "" : ` (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
  return `${percent(value)}${interval}`;
}

function divergenceText({ value, low, high }: Estimate): string {
  if (value === null) return "-";
  if (low === null || high === null || (value === 0 && low === high)) return value.toFixed(4);
  return `${value.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}

/** Cells under each other, the first column to the left. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  return rows.map((row) => `${line(row).join("  ").trimEnd()}\n`).join("");
}

const heading = [
  "",
  "greedy accuracy",
  "divergence",
  "tokens",
  "sampled right",
  "answers",
  "4-grams",
  "problems used",
  "selected right",
];

function policyCells({ accuracy, divergence, meanTokens }: PolicyMeasures): string[] {
  return [accuracyText(accuracy), divergenceText(divergence), meanTokens.toFixed(1)];
}

function roundCells({ roundIndex, rollout, policy }: Round): string[] {
  const { accuracy, distinctAnswers, distinctNgrams, problemsUsed, problems, selectedAccuracy } = rollout;
  return [
    `round ${roundIndex}`,
    ...policyCells(policy),
    percent(accuracy.value),
    distinctAnswers.toFixed(3),
    distinctNgrams?.toFixed(3) ?? "-",
    `${problemsUsed} of ${problems}`,
    percent(selectedAccuracy),
  ];
}

/** The start and the rounds, one a line. */
export function roundTable({ start, rounds }: Finetuning): string {
  return tableText([heading, ["start", ...policyCells(start), "", "", "", "", ""], ...rounds.map(roundCells)]);
}

/** How solutions were selected: `top by runs/prm (er:2, min)`. */
export function selectionText({ selection, threshold, rewardModel, aggregate }: Finetuning): string {
  const rule = threshold === undefined ? selection : `${selection} ${threshold}`;
  if (!rewardModel) return rule;
  const details = [rewardModel.target ?? rewardModel.kind, aggregate].filter((detail) => detail !== undefined);
  return `${rule} by ${rewardModel.name} (${details.join(", ")})`;
}

function readFinetuning({ out = "" }: RunSummary): Finetuning {
  return JSON.parse(readFileSync(join(out, finetuneFile), "utf8")) as Finetuning;
}

function finetuneText(summary: RunSummary): string {
  const { counts, timings, out, alreadyComplete } = summary;
  const finetuning = readFinetuning(summary);
  const { rounds, numSolutions, start, numDivergenceSolutions } = finetuning;
  const lines = [
    ["finetune", `${rounds.length} rounds in ${out}${alreadyComplete ? " (complete already)" : ""}`],
    ["selection", `${selectionText(finetuning)}, of ${numSolutions} solutions a problem`],
    ["problems", `${counts.problems} to train on, ${start.n} held out`],
  ];
  if (timings.run) lines.push(["time", formatDuration(timings.run)]);
  if (counts.peakMemoryBytes) lines.push(["peak memory", formatByteSize(counts.peakMemoryBytes)]);
  const facts = lines.map(([name = "", text]) => `${name.padEnd(14)}${text}\n`).join("");
  const divergence = numDivergenceSolutions > 0 ? "; divergence from the start in nats a token" : "";
  const legend = `95 % intervals${divergence}; "sampled right", "answers" and "4-grams" (distinct ones) are of the solutions that the round rolled out\n`;
  return `${facts}\n${roundTable(finetuning)}\n${legend}`;
}

export const finetuneSummaryForm: SummaryForm = {
  text: finetuneText,
  json: (summary) => JSON.stringify({ ...summary, finetuning: readFinetuning(summary) }),
};
