/** Fine-tunings as tables for a terminal: the rounds of one, and several beside each other. */

import type { FinetuningComparison } from "../../evaluation/compare-finetunings.js";
import type { Finetuning, PolicyMeasures, Round } from "../../evaluation/finetuning.js";
import { cell, none, pText, table } from "../figure-table.js";

const percent = (share: number | null) => (share === null ? none : (100 * share).toFixed(1));

function policyCells({ accuracy, divergence, meanTokens }: PolicyMeasures): string[] {
  return [cell(accuracy, 1, 100), cell(divergence, 4), meanTokens.toFixed(1)];
}

function roundCells({ roundIndex, rollout, policy }: Round): string[] {
  const { accuracy, distinctAnswers, distinctNgrams, problemsUsed, problems, selected, selectedAccuracy } = rollout;
  return [
    `round ${roundIndex}`,
    ...policyCells(policy),
    cell(accuracy, 1, 100),
    distinctAnswers.toFixed(3),
    distinctNgrams?.toFixed(3) ?? none,
    `${problemsUsed} of ${problems}`,
    String(selected),
    percent(selectedAccuracy),
  ];
}

/** The start and the rounds, one a line. */
export function roundTable({ start, rounds }: Finetuning): string {
  const head = [
    ...[
      "policy",
      "accuracy in %",
      "divergence",
      "tokens",
      "sampled right in %",
      "distinct\nanswers",
      "distinct\n4-grams",
    ],
    ...["problems used", "selected", "of them\nright in %"],
  ];
  const empty = Array.from({ length: head.length - 4 }, () => "");
  // The start diverges from itself by 0 whatever is measured: bounds would say that it was.
  const divergence = { ...start.divergence, low: null, high: null };
  const startCells = policyCells({ ...start, divergence });
  return table(head, [["start", ...startCells, ...empty], ...rounds.map(roundCells)]);
}

/** The start and what became of it by each way of selecting; then every two of them, paired by problem. */
export function finetuningComparisonText({ n, ways, differences, ...rest }: FinetuningComparison): string {
  const accuracies = ways.map(({ name, seeds, accuracy, range, gain, meanTokens, divergence }, way) => [
    name,
    way === 0 ? "" : String(seeds.length),
    cell(accuracy, 1, 100),
    way === 0 ? "" : `${percent(range[0])} .. ${percent(range[1])}`,
    way === 0 ? "" : cell(gain, 1, 100),
    divergence?.toFixed(4) ?? none,
    meanTokens.toFixed(1),
  ]);
  const pairs = differences.map(({ first, second, difference, ...p }) => [
    `${first}\nminus ${second}`,
    cell(difference, 1, 100),
    pText(p.pValue, p.pValueIsFloor),
    pText(p.correctedPValue, p.correctedPValueIsFloor),
  ]);
  const budget = `${rest.numRounds} rounds of ${rest.numSolutions} solutions a problem; the policies after round ${rest.roundIndex}`;
  return [
    `${budget}, greedy on ${n} held-out problems\n`,
    table(
      ["fine-tuned by", "seeds", "accuracy in %", "range over seeds", "gain over start", "divergence", "tokens"],
      accuracies,
    ),
    table(["difference", "in % points", "p", "p (Holm)"], pairs),
    "95 % intervals: Wilson's of accuracies, of differences by the bootstrap over problems; p by sign flips of the problems' differences\n",
  ].join("");
}
