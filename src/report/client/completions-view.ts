/** What is known of the completions of a step's prefix: their counts, and their texts where they were kept. */
import { formatNumber } from "../number-format.js";
import type { ShownCompletion, ShownStep } from "../report-data.js";
import { element } from "./elements.js";
import { appendTypeset } from "./mathematics.js";
import { outcomeMark } from "./solution-list.js";

function sentence({ numCompletions, numCorrect, terminal, inferredFrom }: ShownStep, t: number): string {
  if (inferredFrom !== undefined) return `Nothing was sampled here: the labels are those of step ${inferredFrom + 1}.`;
  if (terminal) return "The last step: nothing is left to complete, its label is the solution's own outcome.";
  if (numCompletions === undefined) return "Nothing was measured at this step.";
  const count = formatNumber(numCompletions, "count");
  return `${numCorrect} of ${count} completions from the end of step ${t + 1} reach the reference answer.`;
}

/** Completions that say the same are read once. */
function grouped(shown: readonly ShownCompletion[]): { completion: ShownCompletion; times: number }[] {
  const groups = new Map<string, { completion: ShownCompletion; times: number }>();
  for (const completion of shown) {
    const key = JSON.stringify([completion.text, completion.outcome, completion.finishReason]);
    const group = groups.get(key) ?? { completion, times: 0 };
    groups.set(key, group);
    group.times += 1;
  }
  return [...groups.values()];
}

export function completionsView(step: ShownStep, t: number): HTMLElement {
  const view = element("div", { class: "completions" }, element("p", {}, sentence(step, t)));
  const { completions } = step;
  if (!completions) return view;
  const list = element("ul", { "aria-label": `Completions of step ${t + 1}` });
  for (const { completion, times } of grouped(completions.shown)) {
    const { text, outcome, finishReason } = completion;
    const body = element("span", { class: "text" });
    appendTypeset(body, text.trim() === "" ? "(ends here)" : text.trim());
    const often = times > 1 && element("span", { class: "times" }, ` ${times} times`);
    const cut = finishReason === "length" && element("em", {}, " cut off by the length limit");
    list.append(element("li", {}, outcomeMark(outcome), element("span", {}, body, often, cut)));
  }
  view.append(list);
  const { numKept, shown } = completions;
  if (numKept > shown.length)
    view.append(element("p", { class: "note" }, `${shown.length} of ${numKept} completions are in this report.`));
  return view;
}
