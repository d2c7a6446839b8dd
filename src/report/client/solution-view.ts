/** One solution: question, answers, scores, and its steps, each in the colours of its label and of its score. */
import { scaleStyle } from "../colour-scale.js";
import { labelingText } from "../labeling.js";
import { formatNumber } from "../number-format.js";
import type { ReportData, ShownSolution, ShownStep } from "../report-data.js";
import { completionsView } from "./completions-view.js";
import { element } from "./elements.js";
import { appendTypeset } from "./mathematics.js";
import { placeIn, type ScoreRange, wholeRange } from "./score-range.js";
import type { SolutionQuery } from "./solution-filter.js";
import { outcomeMark } from "./solution-list.js";

/** A value in its colour; a dash in no colour where there is none. */
function chip(kind: "label" | "score", value: number | undefined, detail: string, range = wholeRange): HTMLElement {
  const text = formatNumber(value, "fixed3");
  const made = element(
    "span",
    { class: `chip ${kind}`, title: detail },
    element("span", { class: "unseen" }, `${kind} `),
    text,
  );
  if (value === undefined) return made;
  const { background, ink } = scaleStyle(placeIn(range, value));
  made.style.background = background;
  made.style.color = ink;
  return made;
}

function countsOf({ numCompletions, numCorrect, terminal, inferredFrom }: ShownStep): string {
  if (inferredFrom !== undefined) return `as step ${inferredFrom + 1}`;
  if (terminal) return "last step";
  return numCompletions === undefined ? "" : `${numCorrect} / ${numCompletions}`;
}

function labelDetail(solution: ShownSolution, t: number, { labelName }: SolutionQuery): string {
  const all = Object.entries(solution.labels).map(([name, values]) => `${name} ${formatNumber(values[t], "fixed3")}`);
  const error = solution.standardErrors[labelName]?.[t];
  const own = error === undefined ? "" : ` ± ${formatNumber(error, "fixed3")} standard error; `;
  return `label ${labelName}${own ? "" : "; "}${own}all labels: ${all.join(", ")}`;
}

function fact(name: string, value: string | undefined, ...more: HTMLElement[]): HTMLElement | undefined {
  if (value === undefined) return undefined;
  const shown = element("dd");
  appendTypeset(shown, value);
  return element("div", {}, element("dt", {}, name), element("dd", {}, ...shown.childNodes, ...more));
}

/** What kind of label is shown: labels of one name may come from few completions or many, and by two estimators. */
function labelFact(solution: ShownSolution, data: ReportData, { labelName }: SolutionQuery): HTMLElement | undefined {
  const labeling = data.labelings[solution.labelings?.[labelName] ?? -1];
  return labeling && fact(`Label ${labelName}`, labelingText(labeling));
}

function facts(solution: ShownSolution, data: ReportData, query: SolutionQuery): HTMLElement {
  const list = element("dl", { class: "facts" });
  const rows = [
    fact("Reference answer", solution.answer),
    fact("Final answer", solution.finalAnswer ?? "none stated"),
    labelFact(solution, data, query),
  ];
  for (const row of rows) if (row) list.append(row);
  for (const { model, scores } of solution.scores) {
    const text = Object.entries(scores).map(([name, value]) => `${name} ${formatNumber(value, "fixed3")}`);
    const row = fact(`Scores, ${data.models[model]?.name ?? model}`, text.join(" · "));
    if (row) list.append(row);
  }
  return list;
}

export interface SolutionView {
  node: DocumentFragment;
  steps: HTMLElement[];
}

export function solutionView(
  solution: ShownSolution,
  data: ReportData,
  query: SolutionQuery,
  range: ScoreRange,
  stepIndex: number,
  selectStep: (t: number) => void,
): SolutionView {
  const node = document.createDocumentFragment();
  const title = element(
    "h3",
    {},
    outcomeMark(solution.outcome),
    ` ${solution.problemId} `,
    element("small", {}, `solution ${solution.index}, ${data.runs[solution.run]?.name}`),
  );
  const question = element("p", { class: "question" });
  appendTypeset(question, solution.question);
  const stepScores = solution.scores.find(({ model }) => model === query.model)?.stepScores;
  const labels = solution.labels[query.labelName];
  const modelName = data.models[query.model]?.name;
  const columns = [labels ? `label ${query.labelName}` : "no labels", stepScores ? `score ${modelName}` : "no scores"];
  const head = element(
    "div",
    { class: "step-head", "aria-hidden": "true" },
    ...columns.map((text) => element("span", { title: text }, text)),
  );
  head.append(element("span", {}, "right / all"), element("span", {}, "step"));
  const steps = solution.steps.map((step, t) => {
    const isSelected = t === stepIndex;
    const text = element("span", { class: "text" });
    appendTypeset(text, step.text.replace(/\n+$/, ""));
    const button = element(
      "button",
      {
        type: "button",
        class: "step",
        "aria-expanded": String(isSelected),
        ...(isSelected && { "aria-current": "step" }),
      },
      chip("label", labels?.[t], labelDetail(solution, t, query)),
      chip("score", stepScores?.[t], stepScores ? `step score of ${modelName}: ${stepScores[t]}` : "no score", range),
      element("span", { class: "counts" }, countsOf(step)),
      text,
    );
    button.addEventListener("click", () => selectStep(t));
    return element("li", {}, button, isSelected && completionsView(step, t));
  });
  node.append(
    title,
    question,
    facts(solution, data, query),
    head,
    element("ol", { class: "steps", "aria-label": "Steps" }, ...steps),
  );
  return { node, steps };
}
