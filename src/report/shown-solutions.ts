/** The second reading: the chosen solutions with their texts, labels and completions. */
import { readCompletions } from "../data/read-completions.js";
import { readLabels, readSolutions, solutionKey } from "../data/read-solutions.js";
import type { CompletionRecord, LabelRecord, Solution } from "../types.js";
import type { ShownScores, ShownSolution, ShownStep } from "./report-data.js";
import type { ReportFile } from "./run-files.js";
import { expectSame } from "./same-solution.js";

/** Of one prefix; a page with all of 64 completions of every prefix would be slow to open. */
const mostCompletions = 16;

/** In the order of the files. @throws as `readLabels`, `readSolutions`, `expectSame` */
export async function readShownSolutions(
  files: readonly ReportFile[],
  chosen: ReadonlySet<string>,
  scores: ReadonlyMap<string, ShownScores[]>,
): Promise<ShownSolution[]> {
  const solutions = new Map<string, ShownSolution>();
  for (const { path } of files.filter(({ kind }) => kind === "labels")) {
    for await (const record of readLabels(path)) {
      const key = solutionKey(record);
      if (!chosen.has(key)) continue;
      const known = solutions.get(key);
      if (known) mergeLabels(known, record, path);
      else solutions.set(key, fromLabels(record));
    }
  }
  for (const { path } of files.filter(({ kind }) => kind === "solutions")) {
    for await (const solution of readSolutions(path)) {
      const key = solutionKey(solution);
      if (!chosen.has(key)) continue;
      const known = solutions.get(key);
      if (known) expectSame(known, solution, path);
      else solutions.set(key, fromSolution(solution));
    }
  }
  for (const { path } of files.filter(({ kind }) => kind === "completions")) {
    for await (const completion of readCompletions(path))
      addCompletion(solutions.get(solutionKey(completion)), completion);
  }
  for (const [key, solution] of solutions) solution.scores = scores.get(key) ?? [];
  return [...solutions.values()];
}

function fromSolution({ problemId, index, question, answer, finalAnswer, outcome, steps }: Solution): ShownSolution {
  return {
    ...{ problemId, index, question, answer, outcome },
    ...(finalAnswer !== undefined && { finalAnswer }),
    steps: steps.map((text) => ({ text })),
    ...{ labels: {}, standardErrors: {}, scores: [] },
  };
}

function fromLabels(record: LabelRecord): ShownSolution {
  const { problemId, index, question, answer, finalAnswer, outcome, steps, labels, standardErrors = {} } = record;
  return {
    ...{ problemId, index, question },
    ...(answer !== undefined && { answer }),
    ...(finalAnswer !== undefined && { finalAnswer }),
    ...(outcome !== undefined && { outcome }),
    steps: steps.map(({ numCompletions, numCorrect, ...step }): ShownStep => {
      return numCompletions === 0 ? step : { ...step, numCompletions, numCorrect };
    }),
    ...{ labels, standardErrors, scores: [] },
  };
}

/** Labels of another run over the same solutions: other names are added; of one name the first file's stay. */
function mergeLabels(known: ShownSolution, record: LabelRecord, path: string): void {
  expectSame(known, { ...record, steps: record.steps.map(({ text }) => text) }, path);
  known.labels = { ...record.labels, ...known.labels };
  known.standardErrors = { ...record.standardErrors, ...known.standardErrors };
}

function addCompletion(solution: ShownSolution | undefined, completion: CompletionRecord): void {
  const step = solution?.steps[completion.stepIndex];
  if (!step) return;
  step.completions ??= { numKept: 0, shown: [] };
  step.completions.numKept += 1;
  const { text, outcome, finishReason } = completion;
  if (step.completions.shown.length < mostCompletions) step.completions.shown.push({ text, outcome, finishReason });
}
