/**
 * The solutions of all files, joined by problem and index. Of every solution the few numbers that distributions need are
 * kept; texts only of those that the report will show, which a second reading collects.
 */
import { readLabels, readScores, readSolutions, solutionKey } from "../data/read-solutions.js";
import { ErprmError } from "../errors.js";
import type { LabelRecord, Outcome, ScoreRecord, Solution } from "../types.js";
import { addValue, type HistogramValues, newValues } from "./histogram.js";
import type { ReportFile } from "./run-files.js";

/** What is known of a solution without its texts. */
export interface SolutionFacts {
  problemId: string;
  numSteps: number;
  outcome?: Outcome | undefined;
  /** Of a labelled one; 0 completions where nothing was measured. */
  numCompletions?: number[];
  numCorrect?: number[];
  /** The step is the last one: its count is no measurement. */
  isTerminal?: boolean[];
}

export class SolutionPool {
  readonly facts = new Map<string, SolutionFacts>();
  /** By label name: the labels of all steps but the last. */
  readonly labelValues = new Map<string, HistogramValues>();
  /** Solutions of each problem, in the order of the files. */
  readonly problems = new Map<string, string[]>();
  readonly #fileOfLabel = new Map<string, string>();

  /** @throws as `readLabels`, `readSolutions`; ERPRM_INVALID_DATA for two that have one name and are not the same */
  async read(files: readonly ReportFile[]): Promise<void> {
    for (const { path } of files.filter(({ kind }) => kind === "labels")) {
      for await (const record of readLabels(path)) this.#addLabels(record, path);
    }
    for (const { path } of files.filter(({ kind }) => kind === "solutions")) {
      for await (const solution of readSolutions(path))
        this.#add(solution, solution.steps.length, solution.outcome, path);
    }
  }

  #add(
    solution: Pick<Solution | LabelRecord, "problemId" | "index">,
    numSteps: number,
    outcome: Outcome | undefined,
    path: string,
  ): SolutionFacts {
    const key = solutionKey(solution);
    const known = this.facts.get(key);
    if (known) {
      if (known.numSteps !== numSteps || known.outcome !== outcome) {
        const message = `Expected one solution ${solution.index} of problem ${solution.problemId} in the runs of a report, found another one in ${path}; report the runs apart`;
        throw new ErprmError("ERPRM_INVALID_DATA", message, {
          file: path,
          problemId: solution.problemId,
          index: solution.index,
        });
      }
      return known;
    }
    const facts: SolutionFacts = { problemId: solution.problemId, numSteps, outcome };
    this.facts.set(key, facts);
    const keys = this.problems.get(solution.problemId) ?? [];
    this.problems.set(solution.problemId, keys);
    keys.push(key);
    return facts;
  }

  #addLabels(record: LabelRecord, path: string): void {
    const facts = this.#add(record, record.steps.length, record.outcome, path);
    facts.numCompletions ??= record.steps.map((step) => (step.inferredFrom === undefined ? step.numCompletions : 0));
    facts.numCorrect ??= record.steps.map((step) => step.numCorrect);
    facts.isTerminal ??= record.steps.map((step) => step.terminal === true);
    for (const [name, labels] of Object.entries(record.labels)) {
      // Another file over the same solutions adds its other labels only.
      if ((this.#fileOfLabel.get(name) ?? path) !== path) continue;
      this.#fileOfLabel.set(name, path);
      const values = this.labelValues.get(name) ?? newValues();
      this.labelValues.set(name, values);
      for (const [i, label] of labels.entries()) {
        if (!record.steps[i]?.terminal) addValue(values, record.outcome, label);
      }
    }
  }

  /**
   * Whole problems, spread evenly over the file, of at most `maxSolutions` solutions in all; of a first problem that alone has
   * more, the first ones.
   */
  choose(maxSolutions: number): Set<string> {
    const problems = [...this.problems.values()];
    const average = this.facts.size / Math.max(1, problems.length);
    const wanted = Math.min(problems.length, Math.max(1, Math.floor(maxSolutions / average)));
    const chosen = new Set<string>();
    for (let i = 0; i < wanted; i += 1) {
      const keys = problems[Math.floor((i * problems.length) / wanted)] as string[];
      const room = maxSolutions - chosen.size;
      if (keys.length > room && chosen.size > 0) continue;
      for (const key of keys.slice(0, room)) chosen.add(key);
    }
    return chosen;
  }
}

/** The records of a file of scores, checked against the solutions; those of solutions nobody has are only counted. */
export async function* scoresOfPool(
  path: string,
  pool: SolutionPool,
  missing: () => void,
): AsyncIterable<{ key: string; facts: SolutionFacts; score: ScoreRecord }> {
  for await (const score of readScores(path)) {
    const key = solutionKey(score);
    const facts = pool.facts.get(key);
    if (!facts) {
      missing();
      continue;
    }
    if (facts.numSteps !== score.stepScores.length) {
      const message = `Expected ${facts.numSteps} step scores of solution ${score.index} of problem ${score.problemId}, received ${score.stepScores.length}, in ${path}; report the runs apart`;
      throw new ErprmError("ERPRM_INVALID_DATA", message, {
        file: path,
        problemId: score.problemId,
        index: score.index,
      });
    }
    yield { key, facts, score };
  }
}
