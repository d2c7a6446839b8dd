/** The inspector: what is listed, which solution and which of its steps are shown. */
import { formatNumber } from "../number-format.js";
import type { ReportData } from "../report-data.js";
import { byId, element } from "./elements.js";
import { isNarrow, scoreRange, wholeRange } from "./score-range.js";
import { listSolutions, type Order, orders, type SolutionQuery } from "./solution-filter.js";
import { SolutionList } from "./solution-list.js";
import { solutionView } from "./solution-view.js";

export interface Inspector {
  /** To the solution `by` rows further down the list. */
  moveSolution(by: number): void;
  moveStep(by: number): void;
  focusSearch(): void;
}

function fill(id: string, choices: readonly (readonly [value: string, text: string])[]): HTMLSelectElement | undefined {
  const select = document.getElementById(id) as HTMLSelectElement | null;
  if (!select) return undefined;
  select.append(...choices.map(([value, text]) => element("option", { value }, text)));
  (select.closest("label") as HTMLElement).hidden = choices.length === 0;
  return select;
}

/** The label that is shown first: between hard and soft, the one this product is about. */
function firstLabel(names: readonly string[]): string {
  return names.find((name) => name.startsWith("er:")) ?? names.find((name) => name === "soft") ?? names[0] ?? "";
}

export function startInspector(data: ReportData): Inspector {
  const { solutions } = data.inspection;
  const labelNames = [...new Set(solutions.flatMap(({ labels }) => Object.keys(labels)))];
  const hasScores = data.models.length > 0;
  const aggregates = Object.keys(solutions.find(({ scores }) => scores.length > 0)?.scores[0]?.scores ?? {});
  const usable = Object.entries(orders).filter(
    ([name]) =>
      (hasScores || !(name.startsWith("score") || name === "difference")) &&
      (labelNames.length > 0 || !(name.startsWith("label") || name === "difference")),
  );
  const query: SolutionQuery = {
    search: "",
    outcome: "all",
    order: "file",
    labelName: firstLabel(labelNames),
    model: 0,
    aggregate: "min",
  };
  let selected = 0;
  let stepIndex = 0;
  const ranges = data.models.map((_, model) => scoreRange(solutions, model));
  const stretch = document.getElementById("stretch") as HTMLInputElement | null;
  let isStretched = ranges.some(isNarrow);
  const range = () => (isStretched ? (ranges[query.model] ?? wholeRange) : wholeRange);
  const list = new SolutionList(byId("solution-list"), solutions, (place) => select(place));

  /** `follow`: the pane scrolls to the step. */
  function show(follow = false): void {
    const solution = solutions[selected];
    const host = byId("solution");
    if (!solution) {
      host.replaceChildren(element("p", { class: "note" }, "No solution is listed."));
      return;
    }
    const { node, steps } = solutionView(solution, data, query, range(), stepIndex, selectStep);
    host.replaceChildren(node);
    const step = steps[stepIndex];
    if (!step || !follow) return;
    const below = step.offsetTop + step.offsetHeight - (host.scrollTop + host.clientHeight);
    if (step.offsetTop < host.scrollTop) host.scrollTop = step.offsetTop;
    else if (below > 0) host.scrollTop += Math.min(below, step.offsetTop - host.scrollTop);
  }

  function repaint(): void {
    list.paint(query, range());
    if (!stretch) return;
    stretch.checked = isStretched;
    const { low, high } = range();
    const ends = [low, high].map((end) => element("span", {}, formatNumber(end, "general")));
    byId("score-ends").replaceChildren(...ends);
  }

  function select(place: number): void {
    if (place !== selected) {
      stepIndex = 0;
      byId("solution").scrollTop = 0;
    }
    selected = place;
    list.select(place);
    show();
  }

  function selectStep(t: number): void {
    const hadFocus = byId("solution").contains(document.activeElement);
    stepIndex = t;
    show(true);
    // The buttons were made anew: who was on one is on the one that is open now.
    if (hadFocus) byId("solution").querySelector<HTMLElement>('[aria-current="step"]')?.focus({ preventScroll: true });
  }

  function relist(): void {
    const listed = listSolutions(solutions, query);
    list.show(listed);
    byId("list-count").textContent = `${listed.length} of ${solutions.length} solutions`;
    select(listed.includes(selected) ? selected : (listed[0] ?? -1));
  }

  function onChange(id: string, apply: (value: string) => void): void {
    document.getElementById(id)?.addEventListener("change", (event) => {
      apply((event.target as HTMLSelectElement).value);
      repaint();
      relist();
    });
  }

  const sources = [...new Set(solutions.map(({ run }) => run))].map(
    (run) => [String(run), data.runs[run]?.name ?? ""] as const,
  );
  fill("source", sources.length > 1 ? [["", "all"], ...sources] : []);
  onChange("source", (value) => {
    query.run = value === "" ? undefined : Number(value);
  });
  fill("order", usable);
  const labelSelect = fill(
    "label-name",
    labelNames.map((name) => [name, name]),
  );
  if (labelSelect) labelSelect.value = query.labelName;
  fill(
    "model",
    data.models.map(({ name }, i) => [String(i), name]),
  );
  fill(
    "aggregate",
    aggregates.map((name) => [name, name]),
  );
  onChange("order", (value) => {
    query.order = value as Order;
  });
  onChange("label-name", (value) => {
    query.labelName = value;
  });
  onChange("model", (value) => {
    query.model = Number(value);
  });
  onChange("aggregate", (value) => {
    query.aggregate = value as SolutionQuery["aggregate"];
  });
  const search = byId<HTMLInputElement>("search");
  search.addEventListener("input", () => {
    query.search = search.value;
    relist();
  });
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="outcome"]')) {
    radio.addEventListener("change", () => {
      query.outcome = radio.value as SolutionQuery["outcome"];
      relist();
    });
  }
  search.form?.addEventListener("submit", (event) => event.preventDefault());
  stretch?.addEventListener("change", () => {
    isStretched = stretch.checked;
    repaint();
    show();
  });
  byId("inspector-view").hidden = false;
  repaint();
  relist();

  return {
    moveSolution(by) {
      const next = list.neighbour(by);
      if (next !== undefined) select(next);
    },
    moveStep(by) {
      const numSteps = solutions[selected]?.steps.length ?? 0;
      if (numSteps > 0) selectStep(Math.min(numSteps - 1, Math.max(0, stepIndex + by)));
    },
    focusSearch() {
      search.focus();
      search.select();
    },
  };
}
