/** Finding the first wrong step, and how scores depend on the number of steps. */
import { allCountBiases, countBiasNote } from "../../evaluation/count-bias.js";
import type { LengthResult } from "../../evaluation/evaluation.js";
import { smallBox } from "../charts/frame.js";
import { lineChart } from "../charts/line-chart.js";
import { estimate, figure, folded, interval, type Section, table } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";

const numbers = (names: readonly string[]) => names.map((name) => ({ name, isNumber: true }));

const thresholdOrigins = {
  given: "given",
  split: "chosen on another part of the data",
  default: "0.5, for want of data to choose one on",
};

export function firstErrorsSection({ evaluations }: ReportData): Section | undefined {
  const rows = evaluations.flatMap(({ evaluation }, i) =>
    evaluation.firstErrors.map((result, k) => {
      const path = `evaluations.${i}.evaluation.firstErrors.${k}`;
      return [
        result.model,
        result.data,
        html`${figure(`${path}.threshold`, result.threshold, "general")} <span class="bounds">${thresholdOrigins[result.thresholdFrom]}</span>`,
        figure(`${path}.numWrong`, result.numWrong, "count"),
        figure(`${path}.numRight`, result.numRight, "count"),
        estimate(`${path}.accuracyWrong`, result.accuracyWrong, "percent"),
        estimate(`${path}.accuracyRight`, result.accuracyRight, "percent"),
        estimate(`${path}.f1`, result.f1, "percent"),
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  const columns = [
    { name: "reward model" },
    { name: "data" },
    ...numbers(["threshold", "with a wrong step", "without", "first wrong step found", "no wrong step claimed", "F1"]),
  ];
  const all = evaluations.flatMap(({ evaluation }) => evaluation.firstErrors);
  const biases = allCountBiases(all.map((result) => result.countBiases ?? []));
  const content = html`${table("Finding the first wrong step", columns, rows)}
<p class="note">The first step with a score below the threshold is taken for the first wrong one. F1 is the harmonic mean of the two
accuracies. ${countBiasNote(biases)}</p>`;
  return { id: "first-errors", title: "First wrong steps", content };
}

function groupTable({ model, aggregate, groups }: LengthResult, path: string): Markup {
  const rows = groups.map(({ from, to, n, ...group }, g) => {
    const at = `${path}.groups.${g}`;
    return [
      from === to
        ? figure(`${at}.from`, from, "count")
        : html`${figure(`${at}.from`, from, "count")} to ${figure(`${at}.to`, to, "count")}`,
      figure(`${at}.n`, n, "count"),
      html`${figure(`${at}.meanScore`, group.meanScore, "fixed3")}${interval(`${at}.meanScoreInterval`, group.meanScoreInterval, "fixed3")}`,
      html`${figure(`${at}.accuracy`, group.accuracy, "percent")}${interval(`${at}.accuracyInterval`, group.accuracyInterval, "percent")}`,
    ];
  });
  const columns = [{ name: "steps" }, ...numbers(["solutions", "mean score", "accuracy"])];
  return folded("Table by steps", table(`Solutions by their steps, ${model} ${aggregate}`, columns, rows));
}

function lengthPicture(result: LengthResult, path: string): Markup {
  const { model, aggregate, groups } = result;
  const at = ({ from, to }: { from: number; to: number }) => (from + to) / 2;
  const detail = ({ from, to, n }: { from: number; to: number; n: number }) =>
    `${n} solutions of ${from === to ? from : `${from} to ${to}`} steps`;
  const picture = lineChart({
    label: `Mean score and accuracy against the number of steps, ${model} ${aggregate}`,
    box: smallBox,
    x: { name: "steps", format: "general", whole: true },
    y: { name: "score, accuracy", format: "general", within: [0, 1] },
    series: [
      {
        name: "mean score",
        colour: 0,
        points: groups.map((group) => ({
          x: at(group),
          y: group.meanScore,
          ...group.meanScoreInterval,
          detail: detail(group),
        })),
      },
      {
        name: "accuracy",
        colour: 1,
        dash: 1,
        points: groups.map((group) => ({
          x: at(group),
          y: group.accuracy,
          ...group.accuracyInterval,
          detail: detail(group),
        })),
      },
    ],
  });
  return html`<figure class="half"><figcaption>${model}, ${aggregate}</figcaption>${picture}${groupTable(result, path)}</figure>`;
}

export function lengthsSection({ evaluations }: ReportData): Section | undefined {
  const results = evaluations.flatMap(({ evaluation }, i) =>
    evaluation.lengths.map((result, k) => ({ result, path: `evaluations.${i}.evaluation.lengths.${k}` })),
  );
  if (results.length === 0) return undefined;
  const rows = results.map(({ result, path }) => [
    result.model,
    result.aggregate,
    figure(`${path}.n`, result.n, "count"),
    estimate(`${path}.correlation`, result.correlation, "fixed3"),
    estimate(`${path}.correlationRight`, result.correlationRight, "fixed3"),
    estimate(`${path}.correlationWrong`, result.correlationWrong, "fixed3"),
  ]);
  const columns = [
    { name: "reward model" },
    { name: "aggregate" },
    ...numbers(["solutions", "all", "right ones", "wrong ones"]),
  ];
  const content = html`<div class="grid">${results.map(({ result, path }) => lengthPicture(result, path))}</div>
${table("Rank correlation of score and number of steps", columns, rows)}`;
  return { id: "lengths", title: "Scores and length", content };
}
