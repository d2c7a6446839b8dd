/** How labels and scores are distributed, over all solutions of the runs. */
import { smallBox } from "../charts/frame.js";
import { histogramChart } from "../charts/histogram-chart.js";
import { figure, type Section } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { Distribution, ReportData } from "../report-data.js";

const key = html`<p class="key"><span class="swatch right"></span> of right solutions, above the line
<span class="swatch wrong"></span> of wrong solutions, below it
<span class="swatch mean"></span> mean of all</p>`;

function picture({ name, histogram }: Distribution, path: string, title: string): Markup {
  return html`<figure class="half"><figcaption>${title}
<span class="bounds">${figure(`${path}.histogram.n`, histogram.n, "count")} values, mean ${figure(`${path}.histogram.mean`, histogram.mean, "fixed3")}</span></figcaption>
${histogramChart(histogram, name === "step" ? "step score" : name, smallBox)}</figure>`;
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
