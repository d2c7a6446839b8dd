/** Which of two methods is better, paired by problem, with every p-value corrected. */
import type { Comparison } from "../../evaluation/evaluation.js";
import { estimate, figure, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";
import { methodName } from "./method-name.js";

function verdict({ correctedPValue, difference }: Comparison): Markup {
  if (correctedPValue === null || difference.value === null) return html`–`;
  if (correctedPValue >= 0.05) return html`<span class="verdict">no difference shown</span>`;
  return html`<strong class="verdict">${difference.value > 0 ? "first better" : "second better"}</strong>`;
}

export function comparisonsSection({ evaluations, runs }: ReportData): Section | undefined {
  if (!evaluations.some(({ evaluation }) => evaluation.comparisons.length > 0)) return undefined;
  const parts = evaluations.map(({ run, evaluation }, i) => {
    const rows = evaluation.comparisons.map((comparison, k) => {
      const path = `evaluations.${i}.evaluation.comparisons.${k}`;
      return [
        html`${methodName(comparison.first)} <span class="against">against</span> ${methodName(comparison.second)}`,
        figure(`${path}.numCandidates`, comparison.numCandidates, "count"),
        figure(`${path}.numProblems`, comparison.numProblems, "count"),
        estimate(`${path}.difference`, comparison.difference, "points"),
        figure(`${path}.pValue`, comparison.pValue, "pValue"),
        figure(`${path}.correctedPValue`, comparison.correctedPValue, "pValue"),
        verdict(comparison),
      ];
    });
    const columns = [
      { name: "methods" },
      ...["N", "problems", "difference in points", "p", "p corrected"].map((name) => ({ name, isNumber: true })),
      { name: "at 5 %" },
    ];
    const heading = evaluations.length > 1 && html`<h3>${runs[run]?.name}</h3>`;
    return html`${heading}${table("Paired comparisons of methods", columns, rows)}`;
  });
  const content = html`${parts}<p class="note">Difference: accuracy of the first minus that of the second, in percentage points, on the same
problems. p: two-sided, by sign flips of the problems' differences; corrected by Holm over all comparisons of the evaluation.</p>`;
  return { id: "comparisons", title: "Comparisons", content };
}
