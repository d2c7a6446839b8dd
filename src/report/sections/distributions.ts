/** How labels and scores are distributed, over all solutions of the runs. */
import { smallBox } from "../charts/frame.js";
import { histogramChart } from "../charts/histogram-chart.js";
import { figure, folded, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { Distribution, ReportData } from "../report-data.js";

const key = html`<p class="key"><span class="swatch right"></span> of right solutions, above the line
<span class="swatch wrong"></span> of wrong solutions, below it
<span class="swatch mean"></span> mean of all</p>`;

const groups = ["right", "wrong", "unknown"] as const;

/** How many values each bar stands for; bins that hold none are left out. */
function counts({ histogram }: Distribution, path: string, title: string): Markup {
  const used = groups.filter((group) => histogram[group].some((count) => count > 0));
  const rows = histogram.edges.slice(0, -1).flatMap((_, i) => {
    if (groups.every((group) => histogram[group][i] === 0)) return [];
    const edge = (k: number) => figure(`${path}.histogram.edges.${k}`, histogram.edges[k], "general");
    const cells = used.map((group) => figure(`${path}.histogram.${group}.${i}`, histogram[group][i], "count"));
    return [[html`${edge(i)} to ${edge(i + 1)}`, ...cells]];
  });
  const names = { right: "of right solutions", wrong: "of wrong ones", unknown: "of unknown outcome" };
  const columns = [{ name: "values" }, ...used.map((group) => ({ name: names[group], isNumber: true }))];
  return folded("Table of counts", table(`${title}: how many values`, columns, rows));
}

function picture(one: Distribution, path: string, title: string): Markup {
  const { name, histogram } = one;
  return html`<figure class="half"><figcaption>${title}
<span class="bounds">${figure(`${path}.histogram.n`, histogram.n, "count")} values, mean ${figure(`${path}.histogram.mean`, histogram.mean, "fixed3")}</span></figcaption>
${histogramChart(histogram, name === "step" ? "step score" : name, smallBox)}${counts(one, path, title)}</figure>`;
}

export function labelsSection({ labelDistributions }: ReportData): Section | undefined {
  if (labelDistributions.length === 0) return undefined;
  const pictures = labelDistributions.map((one, i) => picture(one, `labelDistributions.${i}`, `Label ${one.name}`));
  const content = html`${key}<div class="grid">${pictures}</div>
<p class="note">Labels of all steps but the last ones, whose label is the solution's outcome and no estimate.</p>`;
  return { id: "labels", title: "Labels", content };
}

export function scoresSection({ scoreDistributions, models }: ReportData): Section | undefined {
  if (scoreDistributions.length === 0) return undefined;
  const parts = models.map((model, m) => {
    const own = scoreDistributions.flatMap((one, i) => (one.model === m ? [{ one, i }] : []));
    const pictures = own.map(({ one, i }) => {
      const title = one.name === "step" ? "Step scores" : `Solution scores, ${one.name}`;
      return picture(one, `scoreDistributions.${i}`, title);
    });
    return html`<h3>${model.name} <span class="bounds">${figure(`models.${m}.numSolutions`, model.numSolutions, "count")} solutions</span></h3><div class="grid">${pictures}</div>`;
  });
  return { id: "scores", title: "Scores", content: html`${key}${parts}` };
}
