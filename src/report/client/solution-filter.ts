/** Which solutions are listed, and in which order. Pure: it is tested without a browser. */
import type { Aggregate } from "../../types.js";
import type { ShownSolution } from "../report-data.js";

export const orders = {
  file: "as in the file",
  "score-low": "lowest score first",
  "score-high": "highest score first",
  "label-low": "lowest label first",
  "label-high": "highest label first",
  difference: "score furthest from label first",
} as const;
export type Order = keyof typeof orders;

export interface SolutionQuery {
  /** Words that must all occur in the id or the texts. */
  search: string;
  outcome: "all" | "right" | "wrong";
  /** Place of the run whose solutions are listed; undefined: all. */
  run?: number | undefined;
  order: Order;
  labelName: string;
  /** Place in the report's models. */
  model: number;
  aggregate: Aggregate;
}

/** The solution's score by the model; undefined where it has none. */
export function scoreOf(solution: ShownSolution, { model, aggregate }: SolutionQuery): number | undefined {
  return solution.scores.find((one) => one.model === model)?.scores[aggregate];
}

/** The lowest label among the steps: what a solution is worth is decided by its worst one. */
export function labelOf(solution: ShownSolution, { labelName }: SolutionQuery): number | undefined {
  const labels = solution.labels[labelName];
  return labels && labels.length > 0 ? Math.min(...labels) : undefined;
}

/** The largest distance between a step's score and its label. */
function differenceOf(solution: ShownSolution, { labelName, model }: SolutionQuery): number | undefined {
  const labels = solution.labels[labelName];
  const scores = solution.scores.find((one) => one.model === model)?.stepScores;
  if (!labels || !scores || scores.length === 0) return undefined;
  return Math.max(...scores.map((score, i) => Math.abs(score - (labels[i] ?? score))));
}

function textOf({ problemId, index, question, steps }: ShownSolution): string {
  return [`${problemId} #${index}`, question, ...steps.map(({ text }) => text)].join("\n").toLowerCase();
}

function matches(solution: ShownSolution, words: readonly string[], { outcome, run }: SolutionQuery): boolean {
  if (run !== undefined && solution.run !== run) return false;
  if (outcome !== "all" && solution.outcome !== (outcome === "right" ? 1 : 0)) return false;
  if (words.length === 0) return true;
  const text = textOf(solution);
  return words.every((word) => text.includes(word));
}

const keys: Record<Exclude<Order, "file">, { of: typeof labelOf; sign: 1 | -1 }> = {
  "score-low": { of: scoreOf, sign: 1 },
  "score-high": { of: scoreOf, sign: -1 },
  "label-low": { of: labelOf, sign: 1 },
  "label-high": { of: labelOf, sign: -1 },
  difference: { of: differenceOf, sign: -1 },
};

/** Places of the listed solutions, in order. Those without the number that decides the order come last. */
export function listSolutions(solutions: readonly ShownSolution[], query: SolutionQuery): number[] {
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const places = [...solutions.keys()].filter((i) => matches(solutions[i] as ShownSolution, words, query));
  if (query.order === "file") return places;
  const { of, sign } = keys[query.order];
  const value = new Map(places.map((i) => [i, of(solutions[i] as ShownSolution, query)]));
  return places.sort((a, b) => {
    const [x, y] = [value.get(a), value.get(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || a - b;
    return sign * (x - y) || a - b;
  });
}
