/** How far step scores are probabilities: the reliability diagram and its measures. */
import { allCountBiases, countBiasNote } from "../../evaluation/count-bias.js";
import type { CalibrationResult } from "../../evaluation/evaluation.js";
import { reliabilityChart } from "../charts/reliability-chart.js";
import { estimate, figure, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";

function one(result: CalibrationResult, path: string): Markup {
  const { bins, model } = result;
  const rows = bins.map((bin, i) => [
    html`${figure(`${path}.bins.${i}.low`, bin.low, "fixed3")} to ${figure(`${path}.bins.${i}.high`, bin.high, "fixed3")}`,
    figure(`${path}.bins.${i}.n`, bin.n, "count"),
    figure(`${path}.bins.${i}.meanScore`, bin.meanScore, "fixed3"),
    figure(`${path}.bins.${i}.meanSuccessRate`, bin.meanSuccessRate, "fixed3"),
  ]);
  const columns = [
    { name: "scores" },
    ...["prefixes", "mean score", "success rate"].map((name) => ({ name, isNumber: true })),
  ];
  return html`<figure class="half"><figcaption>${model}</figcaption>${bins.length > 0 && reliabilityChart(model, bins)}
<details><summary>Table of bins</summary>${table(`Reliability of ${model}`, columns, rows)}</details></figure>`;
}

export function calibrationSection({ evaluations, calibration }: ReportData): Section | undefined {
  const results = [
    ...evaluations.flatMap(({ evaluation }, i) =>
      evaluation.calibration.map((result, k) => ({ result, path: `evaluations.${i}.evaluation.calibration.${k}` })),
    ),
    ...calibration.map((result, k) => ({ result, path: `calibration.${k}` })),
  ];
  if (results.length === 0) return undefined;
  const rows = results.map(({ result, path }) => [
    result.model,
    figure(`${path}.n`, result.n, "count"),
    figure(`${path}.numProblems`, result.numProblems, "count"),
    estimate(`${path}.brierScore`, result.brierScore, "fixed3"),
    estimate(`${path}.constantBrierScore`, result.constantBrierScore, "fixed3"),
    estimate(`${path}.areaUnderCurve`, result.areaUnderCurve, "fixed3"),
    estimate(`${path}.calibrationError`, result.calibrationError, "fixed3"),
  ]);
  const names = [
    "prefixes",
    "problems",
    "Brier score",
    "of the best constant",
    "area under curve",
    "calibration error",
  ];
  const columns = [{ name: "reward model" }, ...names.map((name) => ({ name, isNumber: true }))];
  const biases = allCountBiases(results.map(({ result }) => result.countBiases ?? []));
  const content = html`<div class="grid">${results.map(({ result, path }) => one(result, path))}</div>
<p class="note">Each point is a bin of prefixes: their mean step score against the share of right completions. On the dashed line a
score is a probability; the thin strokes are what is missing to it. The bars below say how many prefixes each bin holds and over which
scores it goes. ${countBiasNote(biases)}</p>
${table("Measures of step scores", columns, rows)}`;
  return { id: "calibration", title: "Calibration", content };
}
