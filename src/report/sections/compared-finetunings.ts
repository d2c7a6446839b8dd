/** Fine-tunings beside each other, as the paper's table has them: the start, then each way of selecting; then every two of them. */
import type { ComparedWay, FinetuningComparison } from "../../evaluation/compare-finetunings.js";
import { formatNumber } from "../number-format.js";
import { type Column, estimate, figure, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";

const path = "finetuningComparison";
const columns = (first: string, names: readonly string[]): Column[] => [
  { name: first },
  ...names.map((name) => ({ name, isNumber: true })),
];
const nothing = formatNumber(null, "count");

function wayCells({ name, seeds, accuracy, range, gain, divergence, meanTokens }: ComparedWay, i: number) {
  const at = `${path}.ways.${i}`;
  const isStart = i === 0;
  return [
    name,
    isStart ? nothing : seeds.join(", "),
    estimate(`${at}.accuracy`, accuracy, "percent"),
    isStart
      ? nothing
      : html`${figure(`${at}.range.0`, range[0], "percent")} to ${figure(`${at}.range.1`, range[1], "percent")}`,
    isStart ? nothing : estimate(`${at}.gain`, gain, "points"),
    figure(`${at}.divergence`, divergence, "general"),
    figure(`${at}.meanTokens`, meanTokens, "fixed1"),
  ];
}

function tables({ ways, differences, n, numRounds, numSolutions, roundIndex }: FinetuningComparison): Markup {
  const pairs = differences.map(({ first, second, difference, pValue, correctedPValue }, k) => {
    const at = `${path}.differences.${k}`;
    return [
      html`${first} <span class="against">minus</span> ${second}`,
      estimate(`${at}.difference`, difference, "points"),
      figure(`${at}.pValue`, pValue, "pValue"),
      figure(`${at}.correctedPValue`, correctedPValue, "pValue"),
    ];
  });
  const measures = ["seeds", "accuracy", "range over seeds", "gain over start", "divergence", "tokens"];
  return html`${table("Fine-tuned policies on held-out problems", columns("fine-tuned by", measures), ways.map(wayCells))}
${table("Differences of accuracy", columns("policies", ["in points", "p", "p corrected"]), pairs)}
<p class="note">${figure(`${path}.numRounds`, numRounds, "count")} rounds of ${figure(`${path}.numSolutions`, numSolutions, "count")} solutions a problem; the
policies after round ${figure(`${path}.roundIndex`, roundIndex, "count")}, decoded greedily on the same ${figure(`${path}.n`, n, "count")} held-out problems. A way's figure is the mean over its
seeds. Intervals (95 %) by the bootstrap over problems, p-values by sign flips of the problems' differences, two-sided and corrected by
Holm over all of them: both speak of the problems, not of the seeds.</p>`;
}

export function comparedFinetuningsSection({ finetuningComparison: comparison }: ReportData): Section | undefined {
  if (!comparison) return undefined;
  return { id: "finetunings", title: "Fine-tunings compared", content: tables(comparison) };
}
