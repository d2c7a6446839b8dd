/** Counts of values from 0 to 1 in bins of one width, apart for right solutions, wrong ones and those of unknown outcome. */
import type { Outcome } from "../types.js";

export interface Histogram {
  /** Bounds of the bins, ascending, one more than bins. A value on a bound belongs to the bin above it, the last bound apart. */
  edges: number[];
  right: number[];
  wrong: number[];
  unknown: number[];
  /** Values. */
  n: number;
  /** Of all values. */
  mean: number;
}

export interface HistogramValues {
  right: number[];
  wrong: number[];
  unknown: number[];
}

export function newValues(): HistogramValues {
  return { right: [], wrong: [], unknown: [] };
}

export function addValue(values: HistogramValues, outcome: Outcome | undefined, value: number): void {
  values[outcome === undefined ? "unknown" : outcome === 1 ? "right" : "wrong"].push(value);
}

const widths = [0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];
const fewestBins = 12;

/** From 0 to 1 in twentieths; where the values lie close together, only around them and finer. No values: no histogram. */
export function histogramOf(values: HistogramValues): Histogram | undefined {
  const groups = [values.right, values.wrong, values.unknown];
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let n = 0;
  let sum = 0;
  for (const group of groups) {
    for (const value of group) {
      low = Math.min(low, value);
      high = Math.max(high, value);
      sum += value;
      n += 1;
    }
  }
  if (n === 0) return undefined;
  const edges = edgesFor(low, high);
  const [right, wrong, unknown] = groups.map((group) => countsIn(edges, group)) as [number[], number[], number[]];
  return { edges, right, wrong, unknown, n, mean: sum / n };
}

function edgesFor(low: number, high: number): number[] {
  // Half of the range from 0 to 1 or more is seen best as a whole.
  const spread = high - low;
  const width = spread >= 0.5 ? 0.05 : (widths.find((one) => spread / one >= fewestBins) ?? 0.05);
  const isWhole = spread >= 0.5 || width === 0.05;
  const perUnit = Math.round(1 / width);
  const first = isWhole ? 0 : Math.max(0, Math.floor(low * perUnit + 1e-9));
  const last = isWhole ? perUnit : Math.min(perUnit, Math.floor(high * perUnit + 1e-9) + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) / perUnit);
}

function countsIn(edges: readonly number[], values: readonly number[]): number[] {
  const numBins = edges.length - 1;
  const counts = new Array<number>(numBins).fill(0);
  const first = edges[0] as number;
  const perUnit = numBins / ((edges[numBins] as number) - first);
  for (const value of values) {
    let bin = Math.min(numBins - 1, Math.max(0, Math.floor((value - first) * perUnit)));
    // The division may be a last bit off: the edges decide.
    if (bin < numBins - 1 && value >= (edges[bin + 1] as number)) bin += 1;
    else if (bin > 0 && value < (edges[bin] as number)) bin -= 1;
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}
