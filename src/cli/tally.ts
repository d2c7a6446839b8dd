/** What a run's records add up to. Counts are plain numbers: they go into the manifest as they are. */
import type { LabelRecord, Solution } from "../types.js";

export class SolutionTally {
  readonly #problems = new Set<string>();
  readonly #counts = { solutions: 0, correct: 0, withoutAnswer: 0, truncated: 0, steps: 0, solutionTokens: 0 };

  add(solution: Solution): void {
    const counts = this.#counts;
    this.#problems.add(solution.problemId);
    counts.solutions += 1;
    counts.correct += solution.outcome;
    if (solution.finalAnswer === undefined) counts.withoutAnswer += 1;
    if (solution.finishReason === "length") counts.truncated += 1;
    counts.steps += solution.steps.length;
    counts.solutionTokens += solution.tokenIds?.length ?? 0;
  }

  get counts(): Record<string, number> {
    return { problems: this.#problems.size, ...this.#counts };
  }
}

/** Means are over the steps that were completed: not terminal ones, whose label is no estimate, nor inferred ones. */
export class LabelTally {
  readonly #problems = new Set<string>();
  readonly #counts = {
    labelled: 0,
    correct: 0,
    steps: 0,
    completedSteps: 0,
    gradedCompletions: 0,
    correctCompletions: 0,
  };
  #inferredSteps = 0;
  readonly #sums: Record<string, number> = {};

  add(record: LabelRecord): void {
    const counts = this.#counts;
    this.#problems.add(record.problemId);
    counts.labelled += 1;
    counts.correct += record.outcome ?? 0;
    for (const [t, step] of record.steps.entries()) {
      counts.steps += 1;
      if (step.terminal) continue;
      if (step.inferredFrom !== undefined) {
        this.#inferredSteps += 1;
        continue;
      }
      counts.completedSteps += 1;
      counts.gradedCompletions += step.numCompletions;
      counts.correctCompletions += step.numCorrect;
      for (const [name, labels] of Object.entries(record.labels)) {
        this.#sums[name] = (this.#sums[name] ?? 0) + (labels[t] as number);
      }
    }
  }

  get counts(): Record<string, number> {
    const { completedSteps } = this.#counts;
    const means = Object.entries(this.#sums).map(([name, sum]) => [`mean ${name}`, sum / completedSteps]);
    const inferred = this.#inferredSteps > 0 ? { inferredSteps: this.#inferredSteps } : {};
    return { problems: this.#problems.size, ...this.#counts, ...inferred, ...Object.fromEntries(means) };
  }
}
