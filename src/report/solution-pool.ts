/**
 * The solutions of all files. One is the same as another when problem, index, question and steps are: runs of several policies
 * over the same problems may share a report. Of every solution the few numbers that distributions need are kept; texts only of
 * those that the report will show, which a second reading collects.
 */
import { createHash } from "node:crypto";
import { readLabels, readSolutions, solutionKey } from "../data/read-solutions.js";
import { type CountBias, countBiasesOf } from "../evaluation/count-bias.js";
import type { LabelRecord, Outcome } from "../types.js";
import { addValue, type HistogramValues, newValues } from "./histogram.js";
import type { JoinedFile } from "./run-files.js";

/** What is known of a solution without its texts. */
export interface SolutionFacts {
  problemId: string;
  numSteps: number;
  outcome?: Outcome | undefined;
  /** The files that hold it. */
  paths: Set<string>;
  /** What each label is, in short, and the file that it is from. */
  labelNames?: Map<string, { digest: string; path: string }>;
  /** Of a labelled one; 0 completions where nothing was measured. */
  numCompletions?: number[];
  numCorrect?: number[];
  /** The step is the last one: its count is no measurement. */
  isTerminal?: boolean[];
  countBiases?: readonly CountBias[];
  /** The file with these counts. */
  countedIn?: JoinedFile;
}

interface Texts {
  problemId: string;
  index: number;
  question: string;
  steps: readonly (string | { text: string })[];
}

/** Tells a solution from every other one. */
export function identityOf(solution: Texts): string {
  const steps = solution.steps.map((step) => (typeof step === "string" ? step : step.text));
  const digest = createHash("sha256").update(JSON.stringify([solution.question, steps]));
  return `${solutionKey(solution)} ${digest.digest("base64").slice(0, 16)}`;
}

export class SolutionPool {
  readonly facts = new Map<string, SolutionFacts>();
  /** By label name: the labels of all steps but the last. */
  readonly labelValues = new Map<string, HistogramValues>();
  /** Solutions of each problem of each run, in the order of the files. */
  readonly #problems = new Map<string, string[]>();
  /** Solutions by label name and the two files, as JSON. */
  readonly #conflicts = new Map<string, number>();
  /** Those of one problem and index. */
  readonly #byKey = new Map<string, string[]>();

  /** @throws as `readLabels`, `readSolutions` */
  async read(files: readonly JoinedFile[]): Promise<void> {
    for (const file of files.filter(({ kind }) => kind === "labels")) {
      for await (const record of readLabels(file.path)) this.#addLabels(record, file);
    }
    for (const file of files.filter(({ kind }) => kind === "solutions")) {
      for await (const solution of readSolutions(file.path)) this.#add(solution, solution.outcome, file);
    }
  }

  #addConflict(name: string, shown: string, other: string): void {
    const key = JSON.stringify([name, shown, other]);
    this.#conflicts.set(key, (this.#conflicts.get(key) ?? 0) + 1);
  }

  /** One sentence for each label of which two files hold different values. */
  labelConflicts(): string[] {
    return [...this.#conflicts].map(([key, count]) => {
      const [name, shown, other] = JSON.parse(key) as [string, string, string];
      return `the label ${name} of ${count} solutions is another one in ${other} than in ${shown}: that of ${shown} is shown and counted`;
    });
  }

  get numProblems(): number {
    return new Set([...this.facts.values()].map(({ problemId }) => problemId)).size;
  }

  /**
   * The solution that a record without texts is about: the one with its problem, index and number of steps; of several such ones
   * the one in a file that a run has together with the record's. Undefined where that is none, or more than one.
   */
  find(
    record: { problemId: string; index: number },
    fits: (facts: SolutionFacts) => boolean,
    { related }: JoinedFile,
  ): string | undefined {
    const fitting = (this.#byKey.get(solutionKey(record)) ?? []).filter((one) =>
      fits(this.facts.get(one) as SolutionFacts),
    );
    if (fitting.length <= 1) return fitting[0];
    const near = fitting.filter((one) => [...related].some((path) => this.facts.get(one)?.paths.has(path)));
    return near.length === 1 ? near[0] : undefined;
  }

  #add(solution: Texts, outcome: Outcome | undefined, { path, run }: JoinedFile): SolutionFacts {
    const identity = identityOf(solution);
    const known = this.facts.get(identity);
    known?.paths.add(path);
    if (known) return known;
    const { problemId, steps } = solution;
    const facts: SolutionFacts = { problemId, numSteps: steps.length, outcome, paths: new Set([path]) };
    this.facts.set(identity, facts);
    push(this.#problems, `${run} ${problemId}`, identity);
    push(this.#byKey, solutionKey(solution), identity);
    return facts;
  }

  #addLabels(record: LabelRecord, file: JoinedFile): void {
    const facts = this.#add(record, record.outcome, file);
    facts.numCompletions ??= record.steps.map((step) => (step.inferredFrom === undefined ? step.numCompletions : 0));
    facts.numCorrect ??= record.steps.map((step) => step.numCorrect);
    facts.isTerminal ??= record.steps.map((step) => step.terminal === true);
    facts.countedIn ??= file;
    facts.countBiases ??= countBiasesOf(record.allocation);
    facts.labelNames ??= new Map();
    for (const [name, labels] of Object.entries(record.labels)) {
      // A solution that several files label counts once for each label.
      const digest = createHash("sha256").update(JSON.stringify(labels)).digest("base64").slice(0, 16);
      const known = facts.labelNames.get(name);
      if (known) {
        if (known.digest !== digest) this.#addConflict(name, known.path, file.path);
        continue;
      }
      facts.labelNames.set(name, { digest, path: file.path });
      const values = this.labelValues.get(name) ?? newValues();
      this.labelValues.set(name, values);
      for (const [i, value] of labels.entries()) {
        if (!record.steps[i]?.terminal) addValue(values, record.outcome, value);
      }
    }
  }

  /**
   * Whole problems, spread evenly over the files, of at most `maxSolutions` solutions in all; of a first problem that alone has
   * more, the first ones.
   */
  choose(maxSolutions: number): Set<string> {
    const problems = [...this.#problems.values()];
    const average = this.facts.size / Math.max(1, problems.length);
    const wanted = Math.min(problems.length, Math.max(1, Math.floor(maxSolutions / average)));
    const chosen = new Set<string>();
    for (let i = 0; i < wanted; i += 1) {
      const identities = problems[Math.floor((i * problems.length) / wanted)] as string[];
      const room = maxSolutions - chosen.size;
      if (identities.length > room && chosen.size > 0) continue;
      for (const identity of identities.slice(0, room)) chosen.add(identity);
    }
    return chosen;
  }
}

function push(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  list.push(value);
}
