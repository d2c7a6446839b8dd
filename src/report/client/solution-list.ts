/**
 * The list of solutions: a listbox whose rows are made once and then only hidden and put in order. The browser lays out those
 * in sight alone (content-visibility), so thousands of rows need no paging.
 */
import { cssColour, scaleColour } from "../colour-scale.js";
import { formatNumber } from "../number-format.js";
import type { ShownSolution } from "../report-data.js";
import { element } from "./elements.js";
import { placeIn, type ScoreRange } from "./score-range.js";
import { type SolutionQuery, scoreOf } from "./solution-filter.js";

/** One cell a step. */
function strip(values: readonly (number | undefined)[]): string {
  const share = 100 / values.length;
  const stops = values.map((value, i) => {
    const colour = value === undefined ? "transparent" : cssColour(scaleColour(value));
    return `${colour} ${i * share}% ${(i + 1) * share}%`;
  });
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

const outcomeNames = { 1: "right", 0: "wrong" } as const;

export function outcomeMark(outcome: ShownSolution["outcome"]): HTMLElement {
  if (outcome === undefined) return element("span", { class: "mark", title: "outcome unknown" }, "?");
  const name = outcomeNames[outcome];
  return element(
    "span",
    { class: `mark ${name}` },
    outcome === 1 ? "✓" : "✗",
    element("span", { class: "unseen" }, ` ${name}`),
  );
}

interface Row {
  row: HTMLElement;
  labels: HTMLElement;
  scores: HTMLElement;
  score: HTMLElement;
}

export class SolutionList {
  readonly #host: HTMLElement;
  readonly #solutions: readonly ShownSolution[];
  readonly #rows: Row[];
  /** Places of the listed solutions, in order. */
  #listed: number[] = [];
  #selected = -1;

  constructor(host: HTMLElement, solutions: readonly ShownSolution[], select: (place: number) => void) {
    this.#host = host;
    this.#solutions = solutions;
    this.#rows = solutions.map((solution, place) => {
      const labels = element("span", { class: "strip" });
      const scores = element("span", { class: "strip" });
      const score = element("span", { class: "score" });
      const name = element("span", { class: "name" }, solution.problemId, element("small", {}, ` #${solution.index}`));
      const strips = element("span", { class: "strips", "aria-hidden": "true" }, labels, scores);
      const attributes = { class: "row", role: "option", id: `solution-${place}`, "aria-selected": "false" };
      const row = element("div", attributes, outcomeMark(solution.outcome), name, score, strips);
      row.addEventListener("click", () => select(place));
      return { row, labels, scores, score };
    });
    host.append(...this.#rows.map(({ row }) => row));
  }

  /** Paints the rows for the label, model and aggregate of the query; scores in the colours of their range. */
  paint(query: SolutionQuery, range: ScoreRange): void {
    for (const [i, solution] of this.#solutions.entries()) {
      const { labels, scores, score } = this.#rows[i] as Row;
      const ofModel = solution.scores.find(({ model }) => model === query.model);
      labels.style.background = strip(solution.steps.map((_, t) => solution.labels[query.labelName]?.[t]));
      scores.style.background = strip(
        solution.steps.map((_, t) => ofModel?.stepScores[t]).map((one) => one && placeIn(range, one)),
      );
      const value = scoreOf(solution, query);
      score.textContent = value === undefined ? "" : formatNumber(value, "fixed3");
    }
  }

  show(listed: number[]): void {
    this.#listed = listed;
    const isListed = new Set(listed);
    for (const [i, { row }] of this.#rows.entries()) row.hidden = !isListed.has(i);
    this.#host.append(...listed.map((i) => (this.#rows[i] as Row).row));
    for (const [i, place] of listed.entries()) {
      const { row } = this.#rows[place] as Row;
      row.setAttribute("aria-posinset", String(i + 1));
      row.setAttribute("aria-setsize", String(listed.length));
    }
  }

  select(place: number): void {
    this.#rows[this.#selected]?.row.setAttribute("aria-selected", "false");
    this.#selected = place;
    const row = this.#rows[place]?.row;
    if (!row) {
      this.#host.removeAttribute("aria-activedescendant");
      return;
    }
    row.setAttribute("aria-selected", "true");
    this.#host.setAttribute("aria-activedescendant", row.id);
    // Only the list scrolls: the page stays where the reader put it.
    const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
    if (top < this.#host.scrollTop) this.#host.scrollTop = top;
    else if (bottom > this.#host.scrollTop + this.#host.clientHeight)
      this.#host.scrollTop = bottom - this.#host.clientHeight;
  }

  /** The listed solution `by` rows further, or the nearest end. */
  neighbour(by: number): number | undefined {
    const at = this.#listed.indexOf(this.#selected);
    return this.#listed[Math.min(this.#listed.length - 1, Math.max(0, at + by))];
  }
}
