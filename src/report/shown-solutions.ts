/** The second reading: the chosen solutions with their texts, labels and completions. */
import { readCompletions } from "../data/read-completions.js";
import { readLabels, readSolutions } from "../data/read-solutions.js";
import type { CompletionRecord, LabelRecord, Solution } from "../types.js";
import type { Labeling } from "./labeling.js";
import type { ShownScores, ShownSolution, ShownStep } from "./report-data.js";
import type { JoinedFile } from "./run-files.js";
import { identityOf, type SolutionPool } from "./solution-pool.js";

/** Of one prefix; a page with all of 64 completions of every prefix would be slow to open. */
const mostCompletions = 16;

/** The solutions, and how their labels were come by. In the order of the files. @throws as `readLabels`, `readSolutions`, `readCompletions` */
export async function readShownSolutions(
  files: readonly JoinedFile[],
  pool: SolutionPool,
  chosen: ReadonlySet<string>,
  scores: ReadonlyMap<string, ShownScores[]>,
): Promise<{ solutions: ShownSolution[]; labelings: Labeling[] }> {
  const solutions = new Map<string, ShownSolution>();
  const labelings = new LabelingList();
  for (const { path, run } of files.filter(({ kind }) => kind === "labels")) {
    for await (const record of readLabels(path)) {
      const identity = identityOf(record);
      if (!chosen.has(identity)) continue;
      const known = solutions.get(identity);
      const labeling = labelings.placeOf(record);
      if (known) mergeLabels(known, record, labeling);
      else solutions.set(identity, fromLabels(record, run, labeling));
    }
  }
  for (const { path, run } of files.filter(({ kind }) => kind === "solutions")) {
    for await (const solution of readSolutions(path)) {
      const identity = identityOf(solution);
      if (chosen.has(identity) && !solutions.has(identity)) solutions.set(identity, fromSolution(solution, run));
    }
  }
  for (const file of files.filter(({ kind }) => kind === "completions")) {
    for await (const completion of readCompletions(file.path)) {
      const identity = pool.find(completion, ({ numSteps }) => completion.stepIndex < numSteps, file);
      const solution = identity === undefined ? undefined : solutions.get(identity);
      if (solution) addCompletion(solution, completion);
    }
  }
  for (const [identity, solution] of solutions) solution.scores = scores.get(identity) ?? [];
  return { solutions: [...solutions.values()], labelings: labelings.all };
}

/** Each way of labelling once. */
class LabelingList {
  readonly all: Labeling[] = [];
  readonly #places = new Map<string, number>();

  placeOf({ allocation, estimator, origin }: LabelRecord): number {
    const labeling = {
      ...(allocation && { allocation }),
      ...(estimator && { estimator }),
      ...(origin && { importedFrom: origin.format }),
    };
    const key = JSON.stringify(labeling);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.all.length);
    return this.all.push(labeling) - 1;
  }
}

const eachName = (labels: Record<string, unknown>, labeling: number) =>
  Object.fromEntries(Object.keys(labels).map((name) => [name, labeling]));

function fromSolution(solution: Solution, run: number): ShownSolution {
  const { problemId, index, question, answer, finalAnswer, outcome, steps } = solution;
  return {
    ...{ run, problemId, index, question, answer, outcome },
    ...(finalAnswer !== undefined && { finalAnswer }),
    steps: steps.map((text) => ({ text })),
    ...{ labels: {}, standardErrors: {}, scores: [] },
  };
}

function fromLabels(record: LabelRecord, run: number, labeling: number): ShownSolution {
  const { problemId, index, question, answer, finalAnswer, outcome, steps, labels, standardErrors = {} } = record;
  return {
    ...{ run, problemId, index, question },
    ...(answer !== undefined && { answer }),
    ...(finalAnswer !== undefined && { finalAnswer }),
    ...(outcome !== undefined && { outcome }),
    steps: steps.map(({ numCompletions, numCorrect, ...step }): ShownStep => {
      return numCompletions === 0 ? step : { ...step, numCompletions, numCorrect };
    }),
    ...{ labels, standardErrors, labelings: eachName(labels, labeling), scores: [] },
  };
}

/** Labels of another run over the same solutions: other names are added; of one name the first file's stay (the pool counts them). */
function mergeLabels(known: ShownSolution, record: LabelRecord, labeling: number): void {
  known.labelings = { ...eachName(record.labels, labeling), ...known.labelings };
  known.labels = { ...record.labels, ...known.labels };
  known.standardErrors = { ...record.standardErrors, ...known.standardErrors };
}

function addCompletion(solution: ShownSolution, completion: CompletionRecord): void {
  const step = solution.steps[completion.stepIndex];
  if (!step) return;
  step.completions ??= { numKept: 0, shown: [] };
  step.completions.numKept += 1;
  const { text, outcome, finishReason } = completion;
  if (step.completions.shown.length < mostCompletions) step.completions.shown.push({ text, outcome, finishReason });
}
