/** Whether reward models tell right from wrong candidates of one problem: what best-of-N lives on. */
import { estimate, figure, type Section, table } from "../page/figure-cell.js";
import { html } from "../page/markup.js";
import type { ReportData } from "../report-data.js";

export function discriminationsSection({ evaluations }: ReportData): Section | undefined {
  const rows = evaluations.flatMap(({ evaluation }, i) =>
    evaluation.discriminations.map((result, k) => {
      const path = `evaluations.${i}.evaluation.discriminations.${k}`;
      return [
        result.model,
        result.aggregate,
        figure(`${path}.numProblems`, result.numProblems, "count"),
        estimate(`${path}.areaWithinProblems`, result.areaWithinProblems, "fixed3"),
        figure(`${path}.n`, result.n, "count"),
        estimate(`${path}.areaOverall`, result.areaOverall, "fixed3"),
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  const names = ["problems with both", "area within problems", "candidates", "area over all candidates"];
  const columns = [
    ...["reward model", "aggregate"].map((name) => ({ name })),
    ...names.map((name) => ({ name, isNumber: true })),
  ];
  const content = html`${table("Right candidates above wrong ones", columns, rows)}
<p class="note">Area under the curve: how often a right candidate has a higher score than a wrong one, ties half. Within problems, both are
candidates of one problem, and the mean is over problems that have both: 0.5 is chance, and best-of-N by such scores gains nothing. Over all
candidates, knowing which problems are hard counts too.</p>`;
  return { id: "discriminations", title: "Right above wrong", content };
}
