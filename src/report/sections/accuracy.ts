/** Accuracy against N, of every method: the picture and the table. */
import type { AccuracyPoint, Evaluation, Method, MethodResult } from "../../evaluation/evaluation.js";
import { wideBox } from "../charts/frame.js";
import { type LineSeries, lineChart } from "../charts/line-chart.js";
import { type Column, estimate, figure, type Section, table } from "../page/figure-cell.js";
import { type Fragment, html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";
import { methodName } from "./method-name.js";

/** A model has a colour, a rule a dash, what needs no model is drawn in ink. */
function seriesOf({ methods, models }: Evaluation): LineSeries[] {
  const shownFirst = new Set<string>();
  return methods.map(({ method, points }) => {
    const isModels = method.model !== undefined;
    // Of each model best-of-n with its first aggregate; the rest is a click away.
    const isFirst = method.rule === "best-of-n" && !shownFirst.has(method.model ?? "");
    if (isFirst) shownFirst.add(method.model ?? "");
    return {
      name: methodName(method),
      colour: isModels ? models.findIndex(({ name }) => name === method.model) : "plain",
      dash: dashOf(method),
      isOff: isModels && !isFirst,
      points: points.map((point) => ({
        x: point.numCandidates,
        y: point.accuracy.value,
        low: point.accuracy.low,
        high: point.accuracy.high,
        detail: `${point.numProblems} problems, ${point.computation}`,
      })),
    };
  });
}

const aggregateDashes = { min: 0, last: 1, mean: 2, product: 3 };

function dashOf({ rule, aggregate }: Method): number {
  if (rule === "pass@1") return 2;
  if (rule === "majority") return 1;
  if (rule === "pass@n") return 0;
  return (aggregate === undefined ? 0 : aggregateDashes[aggregate]) + (rule === "weighted-vote" ? 1 : 0);
}

/** Problems at this N, where they are not all: those with fewer candidates are left out. */
function columnOf(numCandidates: number, { methods, numProblems }: Evaluation): Column {
  const points = methods.flatMap((one) => one.points.filter((point) => point.numCandidates === numCandidates));
  const n = points[0]?.numProblems ?? numProblems;
  return {
    name: html`N = ${numCandidates}${n !== numProblems && html`<br><small>${n} problems</small>`}`,
    isNumber: true,
  };
}

function cell(path: string, { points }: MethodResult, numCandidates: number): Fragment {
  const at = points.findIndex((point) => point.numCandidates === numCandidates);
  const point = points[at] as AccuracyPoint | undefined;
  if (!point) return figure(path, undefined, "percent");
  const sign = point.computation === "resampled" && html`<abbr title="mean over random subsets">~</abbr>`;
  return html`${sign}${estimate(`${path}.points.${at}.accuracy`, point.accuracy, "percent")}`;
}

function one(evaluation: Evaluation, path: string): Markup {
  const {
    methods,
    numCandidates,
    numProblems,
    numSolutions,
    numRight,
    level,
    numBootstrap,
    seed,
    solutionsPerProblem,
  } = evaluation;
  const picture = lineChart({
    label: `Accuracy against the number of candidates N, for ${methods.length} methods; the numbers are in the table below`,
    box: wideBox,
    x: { name: "candidates N", format: "general", doubling: true },
    y: { name: "accuracy", format: "share", within: [0, 1] },
    series: seriesOf(evaluation),
  });
  const rows = methods.map((result, i) => [
    methodName(result.method),
    ...numCandidates.map((n) => cell(`${path}.methods.${i}`, result, n)),
  ]);
  const [fewest, most] = solutionsPerProblem;
  return html`${picture}
<p class="note">${figure(`${path}.numProblems`, numProblems, "count")} problems, ${figure(`${path}.numSolutions`, numSolutions, "count")}
solutions (${fewest === most ? most : `${fewest} to ${most}`} a problem), ${figure(`${path}.numRight`, numRight, "count")} of them right. Bands and numbers beneath:
${figure(`${path}.level`, level, "share")} intervals, ${figure(`${path}.numBootstrap`, numBootstrap, "count")} draws of a bootstrap over problems, seed ${seed}. ~ marks a mean
over random subsets; everything else is the exact expectation over all subsets of N. Point at a line's name to see it
alone, with its band.</p>
<details><summary>Table of accuracies</summary>
${table("Accuracy by method and N", [{ name: "method" }, ...numCandidates.map((n) => columnOf(n, evaluation))], rows)}</details>`;
}

export function accuracySection({ evaluations, runs }: ReportData): Section | undefined {
  if (evaluations.length === 0) return undefined;
  const parts = evaluations.map(({ run, evaluation }, i) => {
    const heading = evaluations.length > 1 && html`<h3>${runs[run]?.name}</h3>`;
    return html`${heading}${one(evaluation, `evaluations.${i}.evaluation`)}`;
  });
  return { id: "accuracy", title: "Accuracy against N", content: html`${parts}` };
}
