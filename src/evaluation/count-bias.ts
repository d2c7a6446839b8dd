/**
 * What makes the counts of prefixes other than those of a fixed number of completions each, and so the figures that are made from
 * them. `stopped`: how many completions a prefix has depends on how many were right, so its success rate is biased;
 * `searched`: only the prefixes that a search for the first wrong step asked for are measured, which are no sample of all.
 */
import type { Allocation } from "../types.js";

export type CountBias = "stopped" | "searched";
export const countBiases: readonly CountBias[] = ["stopped", "searched"];

/** In the order of `countBiases`; none for a fixed number. */
export function countBiasesOf(allocation: Allocation | undefined): CountBias[] {
  if (allocation === undefined || allocation.kind === "fixed") return [];
  if (allocation.kind !== "first-error") return ["stopped"];
  return allocation.minCompletions === undefined ? ["searched"] : ["stopped", "searched"];
}

/** Those of any of several lists, in the order of `countBiases`. */
export function allCountBiases(lists: Iterable<readonly CountBias[]>): CountBias[] {
  const found = new Set([...lists].flat());
  return countBiases.filter((bias) => found.has(bias));
}

const texts: Record<CountBias, string> = {
  stopped: "completions stopped by their own counts, so success rates are biased",
  searched: "only prefixes that a search for the first wrong step asked for are measured",
};

/** One sentence for people, or undefined for no bias. */
export function countBiasNote(biases: readonly CountBias[]): string | undefined {
  if (biases.length === 0) return undefined;
  return `Labels of fewer completions: ${biases.map((bias) => texts[bias]).join("; ")}.`;
}
