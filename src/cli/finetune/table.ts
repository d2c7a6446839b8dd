/** Fine-tunings as tables for a terminal: the rounds of one, and several beside each other. */
import Table from "cli-table3";
import type { Estimate } from "../../evaluation/evaluation.js";
import type { Finetuning, PolicyMeasures, Round } from "../../evaluation/finetuning.js";
import type { FinetuningComparison } from "../../stages/finetune-comparison.js";

const none = "-";

function table(head: string[], rows: string[][]): string {
  const built = new Table({ head, style: { head: [], border: [] } });
  built.push(...rows);
  return `${built.toString()}\n`;
}

/** A value over its interval, times `scale`. */
function cell({ value, low, high }: Estimate, decimals: number, scale = 1): string {
  const shown = (number: number) => (scale * number).toFixed(decimals);
  if (value === null) return none;
  return low === null || high === null || low === high
    ? shown(value)
    : `${shown(value)}\n${shown(low)} .. ${shown(high)}`;
}

const percent = (share: number | null) => (share === null ? none : (100 * share).toFixed(1));
const pText = (p: number | null) => (p === null ? none : p < 0.0001 ? "< 0.0001" : p.toPrecision(2));

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
  return table(head, [["start", ...policyCells(start), ...empty], ...rounds.map(roundCells)]);
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
  const pairs = differences.map(({ first, second, difference, pValue, correctedPValue }) => [
    `${first}\nminus ${second}`,
    cell(difference, 1, 100),
    pText(pValue),
    pText(correctedPValue),
  ]);
  const budget = `${rest.numRounds} rounds of ${rest.numSolutions} solutions a problem; the policies after round ${rest.roundIndex}`;
  return [
    `${budget}, greedy on ${n} held-out problems\n`,
    table(
      ["fine-tuned by", "seeds", "accuracy in %", "range over seeds", "gain over start", "divergence", "tokens"],
      accuracies,
    ),
    table(["difference", "in % points", "p", "p (Holm)"], pairs),
    "95 % intervals by the bootstrap over problems; p by sign flips of the problems' differences\n",
  ].join("");
}
