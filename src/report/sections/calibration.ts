/** How far step scores are probabilities: the reliability diagram and its measures. */
import { calibrationErrorNote } from "../../evaluation/calibration-error-note.js";
import { allCountBiases, countBiasNote } from "../../evaluation/count-bias.js";
import type { CalibrationResult } from "../../evaluation/evaluation.js";
import { reliabilityChart } from "../charts/reliability-chart.js";
import { estimate, figure, folded, interval, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ComputedCalibration, ReportData } from "../report-data.js";

/** On what a calibration was computed, for whoever takes it for the model's. */
function computedOn(result: ComputedCalibration, path: string, { runs }: ReportData): Markup {
  const names = result.runs.map((run) => runs[run]?.name).join(", ");
  const warning =
    result.isInSample &&
    html` <strong>In-sample: the reward model was trained on most of these solutions</strong>, all but those of the problems that its training
held out; what it is worth on others is for an evaluation to say.`;
  return html`<p class="note">Computed on the solutions of run ${names} (${figure(`${path}.numSolutions`, result.numSolutions, "count")} solutions), reward
model ${result.model}, ${figure(`${path}.level`, result.level, "share")} intervals.${warning}</p>`;
}

interface Shown {
  result: CalibrationResult;
  path: string;
  origin: Markup;
}

function one({ result, path, origin }: Shown): Markup {
  const { bins, model } = result;
  const rows = bins.map((bin, i) => [
    html`${figure(`${path}.bins.${i}.low`, bin.low, "fixed3")} to ${figure(`${path}.bins.${i}.high`, bin.high, "fixed3")}`,
    figure(`${path}.bins.${i}.n`, bin.n, "count"),
    html`${figure(`${path}.bins.${i}.meanScore`, bin.meanScore, "fixed3")}${interval(`${path}.bins.${i}.meanScoreInterval`, bin.meanScoreInterval, "fixed3")}`,
    html`${figure(`${path}.bins.${i}.meanSuccessRate`, bin.meanSuccessRate, "fixed3")}${interval(`${path}.bins.${i}.meanSuccessRateInterval`, bin.meanSuccessRateInterval, "fixed3")}`,
  ]);
  const columns = [
    { name: "scores" },
    ...["prefixes", "mean score", "success rate"].map((name) => ({ name, isNumber: true })),
  ];
  return html`<figure class="half"><figcaption>${model}</figcaption>${bins.length > 0 && reliabilityChart(model, bins)}
${origin}${folded("Table of bins", table(`Reliability of ${model}`, columns, rows))}</figure>`;
}

export function calibrationSection(data: ReportData): Section | undefined {
  const { evaluations, calibration, runs } = data;
  const results: Shown[] = [
    ...evaluations.flatMap(({ run, evaluation }, i) => {
      const at = `evaluations.${i}.evaluation`;
      const level = figure(`${at}.level`, evaluation.level, "share");
      const origin = html`<p class="note">By the evaluation ${runs[run]?.name}, ${level} intervals.</p>`;
      return evaluation.calibration.map((result, k) => ({ result, path: `${at}.calibration.${k}`, origin }));
    }),
    ...calibration.map((result, k) => {
      const path = `calibration.${k}`;
      return { result, path, origin: computedOn(result, path, data) };
    }),
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
  const content = html`<div class="grid">${results.map(one)}</div>
<p class="note">Each point is a bin of prefixes: their mean step score against the share of right completions. On the dashed line a
score is a probability; the thin strokes are what is missing to it. The band is the interval of the success rate. The bars below say how
many prefixes each bin holds and over which scores it goes. ${countBiasNote(biases)}</p>
${table("Measures of step scores", columns, rows)}
<p class="note">${calibrationErrorNote}</p>`;
  return { id: "calibration", title: "Calibration", content };
}
