import test from "ava";
import { scoreRange, wholeRange } from "../../../src/report/client/score-range.js";
import { listSolutions, type SolutionQuery } from "../../../src/report/client/solution-filter.js";
import type { ShownSolution } from "../../../src/report/report-data.js";

function solution(problemId: string, outcome: 0 | 1, labels: number[], stepScores?: number[]): ShownSolution {
  const min = stepScores && Math.min(...stepScores);
  return {
    ...{
      run: problemId === "c-4" ? 1 : 0,
      problemId,
      index: 0,
      question: "How many Eggs?",
      outcome,
      labels: { soft: labels },
      standardErrors: {},
    },
    steps: labels.map((_, i) => ({ text: `step ${i} of ${problemId}` })),
    scores: stepScores ? [{ model: 0, stepScores, scores: { min: min as number, last: 0, mean: 0, product: 0 } }] : [],
  };
}

const solutions = [
  solution("a-1", 1, [0.5, 1], [0.6, 0.9]),
  solution("b-2", 0, [0.2, 0], [0.3, 0.8]),
  solution("b-3", 1, [0.9, 1]),
  solution("c-4", 0, [0.4, 0], [0.3, 0.15]),
];
const query: SolutionQuery = {
  search: "",
  outcome: "all",
  order: "file",
  labelName: "soft",
  model: 0,
  aggregate: "min",
};

test("outcome and words decide which solutions are listed", (t) => {
  t.deepEqual(listSolutions(solutions, query), [0, 1, 2, 3]);
  t.deepEqual(listSolutions(solutions, { ...query, outcome: "wrong" }), [1, 3]);
  t.deepEqual(listSolutions(solutions, { ...query, search: "B- eggs" }), [1, 2]);
  t.deepEqual(listSolutions(solutions, { ...query, search: "b-2 #0" }), [1]);
  t.deepEqual(listSolutions(solutions, { ...query, search: "nowhere" }), []);
  t.deepEqual(listSolutions(solutions, { ...query, run: 1 }), [3]);
});

test("orders go by score, lowest label, and distance; without the number a solution comes last", (t) => {
  t.deepEqual(listSolutions(solutions, { ...query, order: "score-low" }), [3, 1, 0, 2]);
  t.deepEqual(listSolutions(solutions, { ...query, order: "score-high" }), [0, 1, 3, 2]);
  t.deepEqual(listSolutions(solutions, { ...query, order: "label-low" }), [1, 3, 0, 2]);
  t.deepEqual(listSolutions(solutions, { ...query, order: "label-high" }), [2, 0, 1, 3]);
  t.deepEqual(listSolutions(solutions, { ...query, order: "difference" }), [1, 3, 0, 2]);
});

test("an unknown outcome is neither right nor wrong", (t) => {
  const { outcome: _, ...unknown } = solutions[0] as ShownSolution;
  t.deepEqual(listSolutions([unknown], { ...query, outcome: "right" }), []);
  t.deepEqual(listSolutions([unknown], { ...query, outcome: "wrong" }), []);
});

test("the colours of scores go over their range, or over all where there is none", (t) => {
  t.deepEqual(scoreRange(solutions, 0), { low: 0.15, high: 0.9 });
  t.deepEqual(scoreRange(solutions, 1), wholeRange);
  t.deepEqual(scoreRange([solution("a", 1, [1, 1], [0.5, 0.5])], 0), wholeRange);
});
