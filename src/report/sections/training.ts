/** Training curves: loss, held-out loss and measures, learning rate and gradient norm, all trainings in one picture each. */
import { smallBox } from "../charts/frame.js";
import { type LineSeries, lineChart } from "../charts/line-chart.js";
import { figure, folded, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";
import { type CurveMeasure, type CurveUpdate, curveMeasures, type Training } from "../training-curves.js";

const x = { name: "updates", format: "count", whole: true } as const;

function picture(title: string, y: string, series: LineSeries[]): Markup | undefined {
  const chart = lineChart({
    label: `${title} against updates`,
    box: smallBox,
    x,
    y: { name: y, format: "general" },
    series,
  });
  if (chart.text === "") return undefined;
  return html`<div class="half"><h4>${title}</h4>${chart}</div>`;
}

function updates(trainings: readonly Training[], value: (update: CurveUpdate) => number, what: string): LineSeries[] {
  return trainings.map((training, i) => ({
    name: `${training.name}${what}`,
    colour: i,
    dash: i,
    isFine: true,
    points: training.updates.map((update) => ({ x: update.updateIndex, y: value(update) })),
  }));
}

function heldOut(trainings: readonly Training[], measure: CurveMeasure | "loss", what: string, dash = 0): LineSeries[] {
  return trainings.map((training, i) => ({
    name: `${training.name}${what}`,
    colour: i,
    dash,
    points: training.heldOut.map((record) => ({
      x: record.updateIndex,
      y: measure === "loss" ? record.loss : (record.measures?.[measure] ?? null),
    })),
  }));
}

/** Nobody needs a legend of what is not drawn. */
const drawn = (series: LineSeries[]) => series.filter(({ points }) => points.some(({ y }) => y !== null));

/** Every evaluation on held-out problems, as the curves have them. */
function heldOutTable({ name, heldOut: records }: Training, path: string): Markup | undefined {
  if (records.length === 0) return undefined;
  const rows = records.map(({ updateIndex, loss, positions, measures }, k) => {
    const at = `${path}.heldOut.${k}`;
    return [
      figure(`${at}.updateIndex`, updateIndex, "count"),
      figure(`${at}.positions`, positions, "count"),
      figure(`${at}.loss`, loss, "fixed3"),
      ...curveMeasures.map((measure) => figure(`${at}.measures.${measure}`, measures?.[measure], "fixed3")),
    ];
  });
  const columns = ["positions", "loss", "Brier score", "of the best constant", "area under curve", "calibration error"];
  const caption = `${name}: evaluations on held-out problems`;
  return folded(
    caption,
    table(caption, [{ name: "updates" }, ...columns.map((column) => ({ name: column, isNumber: true }))], rows),
  );
}

/** Of the updates the curves draw hundreds: the loss and the gradient norm of twenty tell their course. */
const mostUpdateRows = 20;

function updateTable({ name, updates: records }: Training, path: string): Markup | undefined {
  if (records.length === 0) return undefined;
  const every = Math.ceil(records.length / mostUpdateRows);
  const rows = records.flatMap(({ updateIndex, loss, learningRate, gradientNorm }, k) => {
    if (k % every !== 0 && k !== records.length - 1) return [];
    const at = `${path}.updates.${k}`;
    return [
      [
        figure(`${at}.updateIndex`, updateIndex, "count"),
        figure(`${at}.loss`, loss, "fixed3"),
        figure(`${at}.gradientNorm`, gradientNorm, "fixed3"),
        figure(`${at}.learningRate`, learningRate, "general"),
      ],
    ];
  });
  const columns = ["loss", "gradient norm", "learning rate"].map((column) => ({ name: column, isNumber: true }));
  const caption = `${name}: ${every === 1 ? "updates" : "some of its updates"}`;
  return folded(caption, table(caption, [{ name: "update" }, ...columns], rows));
}

export function trainingSection({ trainings }: ReportData): Section | undefined {
  if (trainings.length === 0) return undefined;
  const all = (measure: CurveMeasure | "loss", what = "", dash = 0) => drawn(heldOut(trainings, measure, what, dash));
  const pictures = [
    picture(
      "Loss of the updates",
      "loss",
      updates(trainings, ({ loss }) => loss, ""),
    ),
    picture("Loss on held-out problems", "loss", all("loss")),
    picture("Brier score on held-out problems", "Brier score", [
      ...all("brierScore"),
      ...all("constantBrierScore", ", best constant", 1),
    ]),
    picture("Area under the curve", "area", all("areaUnderCurve")),
    picture("Calibration error", "error", all("calibrationError")),
    picture(
      "Gradient norm before clipping",
      "norm",
      updates(trainings, ({ gradientNorm }) => gradientNorm, ""),
    ),
    picture(
      "Learning rate",
      "rate",
      updates(trainings, ({ learningRate }) => learningRate, ""),
    ),
  ];
  const rows = trainings.map((training, i) => {
    const path = `trainings.${i}`;
    const last = training.heldOut.length - 1;
    const cell = (record: number, name: "loss" | CurveMeasure) => {
      const held = training.heldOut[record];
      const value = name === "loss" ? held?.loss : held?.measures?.[name];
      return figure(`${path}.heldOut.${record}.${name === "loss" ? "" : "measures."}${name}`, value, "fixed3");
    };
    const firstAndLast = (name: "loss" | CurveMeasure) =>
      last < 0 ? cell(0, name) : html`${cell(0, name)} → ${cell(last, name)}`;
    return [
      training.name,
      figure(`${path}.numUpdates`, training.numUpdates, "count"),
      firstAndLast("loss"),
      firstAndLast("brierScore"),
      cell(Math.max(0, last), "constantBrierScore"),
      firstAndLast("areaUnderCurve"),
    ];
  });
  const names = ["updates", "held-out loss", "Brier score", "of the best constant", "area under curve"];
  const columns = [{ name: "training" }, ...names.map((name) => ({ name, isNumber: true }))];
  const thinned = trainings.filter(({ every }) => every > 1);
  const content = html`<div class="grid">${pictures}</div>
${thinned.map(({ name, every, numUpdates }) => html`<p class="note">${name}: every ${every}th of ${numUpdates} updates is drawn.</p>`)}
${trainings.some(({ heldOut }) => heldOut.length > 0) && table("From before the first update to the last evaluation", columns, rows)}
${trainings.map((training, i) => html`${heldOutTable(training, `trainings.${i}`)}${updateTable(training, `trainings.${i}`)}`)}`;
  return { id: "training", title: "Training", content };
}
