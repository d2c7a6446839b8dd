/** Tables of figures for a terminal, and how a figure stands in one. */
import Table from "cli-table3";
import type { Estimate } from "../statistics/bootstrap.js";

/** In the place of a figure that has no value. */
export const none = "-";

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const built = new Table({ head: [...head], style: { head: [], border: [] } });
  built.push(...rows.map((row) => [...row]));
  return `${built.toString()}\n`;
}

/** Without lines between the rows: for rows of one line each. */
export function compactTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = table(head, rows).split("\n");
  const belowHead = lines.findIndex((line) => line.startsWith("├"));
  return lines.filter((line, i) => i <= belowHead || !line.startsWith("├")).join("\n");
}

/**
 * A value over its interval, times `scale`. The interval is there whenever it has bounds, equal ones too: they are what was
 * measured. A figure that is known and not measured is given without bounds.
 */
export function cell({ value, low, high }: Estimate, decimals: number, scale = 1): string {
  // Adding 0 takes the sign off what is rounded to nothing.
  const shown = (number: number) => (Number((scale * number).toFixed(decimals)) + 0).toFixed(decimals);
  if (value === null) return none;
  return low === null || high === null ? shown(value) : `${shown(value)}\n${shown(low)} .. ${shown(high)}`;
}

/** The same on one line: `4.2 (1.0 .. 7.4)`. */
export function inlineCell(estimate: Estimate, decimals: number, scale = 1): string {
  const [value, interval] = cell(estimate, decimals, scale).split("\n");
  return interval === undefined ? `${value}` : `${value} (${interval})`;
}

/** A p-value; `isFloor`: the smallest that the draws can give, so that p is at most about that. */
export function pText(p: number | null, isFloor = false): string {
  if (p === null) return none;
  if (p < 0.0001) return "< 0.0001";
  return `${isFloor ? "<= " : ""}${p.toPrecision(2)}`;
}
