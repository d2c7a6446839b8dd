/** A labelled solution as a table: one row a step. */
import Table from "cli-table3";
import type { LabelRecord, StepCounts } from "../../types.js";

export interface TableStyle {
  /** Terminal colours; off where the output is not a terminal or NO_COLOR is set. */
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}

const reset = "\x1b[0m";

/** Red below 1/3, yellow below 2/3, green above. */
function coloured(text: string, label: number, { colour }: TableStyle): string {
  if (!colour) return text;
  const code = label < 1 / 3 ? 31 : label < 2 / 3 ? 33 : 32;
  return `\x1b[${code}m${text}${reset}`;
}

/** `0.62 ±0.11`; a terminal step's label is no estimate and has no error. */
function cell(record: LabelRecord, name: string, t: number, style: TableStyle): string {
  const label = record.labels[name]?.[t] ?? Number.NaN;
  const error = record.standardErrors?.[name]?.[t];
  const shown = name === "hard" ? String(label) : label.toFixed(2);
  const isEstimate = error !== undefined && !record.steps[t]?.terminal;
  return coloured(isEstimate ? `${shown} ±${error.toFixed(2)}` : shown, label, style);
}

/** A step's text on one line. */
function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

/** Of a step that was not measured, the step (from 1) whose labels it has. */
function countOf({ terminal, inferredFrom, numCorrect, numCompletions }: StepCounts): string {
  if (terminal) return numCorrect ? "right" : "wrong";
  return inferredFrom === undefined ? `${numCorrect}/${numCompletions}` : `as ${inferredFrom + 1}`;
}

export function labelTable(record: LabelRecord, style: TableStyle): string {
  const names = Object.keys(record.labels);
  const labelWidth = 13;
  const countWidth = 9;
  // Borders and the other columns take their part; the text gets the rest.
  const textWidth = Math.max(24, style.width - names.length * (labelWidth + 1) - countWidth - 6);
  const table = new Table({
    head: ["step", "correct", ...names],
    colWidths: [textWidth, countWidth, ...names.map(() => labelWidth)],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const [t, step] of record.steps.entries()) {
    const count = countOf(step);
    table.push([oneLine(step.text), count, ...names.map((name) => cell(record, name, t, style))]);
  }
  return table.toString();
}
