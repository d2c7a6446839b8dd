/** What a report is made from. The file holds it as JSON, and everything that the page shows is taken from it. */
import type { FinetuningComparison } from "../evaluation/compare-finetunings.js";
import type { CalibrationResult, Evaluation } from "../evaluation/evaluation.js";
import type { Finetuning } from "../evaluation/finetuning.js";
import type { Aggregate, FinishReason, Outcome, StepCounts } from "../types.js";
import type { Histogram } from "./histogram.js";
import type { Labeling } from "./labeling.js";
import type { Training } from "./training-curves.js";

export interface ReportedRun {
  /** Unique in the report: the end of the path that tells it from the others. */
  name: string;
  path: string;
  stage: string;
  isComplete: boolean;
  seed: number | string;
  options: Record<string, unknown>;
  /** SHA-256 of the inputs, fingerprints of the models. */
  inputs: Record<string, string>;
  models: Record<string, string>;
  build: Record<string, unknown>;
  counts: Record<string, number>;
  /** Seconds. */
  timings: Record<string, number>;
}

/** Step scores of one reward model, as one file of scores has them. */
export interface ReportedModel {
  /** Unique in the report. */
  name: string;
  numSolutions: number;
}

export interface ShownCompletion {
  text: string;
  outcome: Outcome;
  finishReason: FinishReason;
}

/** The completions of one prefix: those that are in the report, of those that were kept. */
export interface ShownCompletions {
  numKept: number;
  shown: ShownCompletion[];
}

export interface ShownStep extends Omit<StepCounts, "numCompletions" | "numCorrect"> {
  /** Absent: nothing was measured. */
  numCompletions?: number;
  numCorrect?: number;
  completions?: ShownCompletions;
}

export interface ShownScores {
  /** Place in the report's `models`. */
  model: number;
  stepScores: number[];
  scores: Record<Aggregate, number>;
}

export interface ShownSolution {
  /** Place in `runs` of the run that it was found in. */
  run: number;
  problemId: string;
  index: number;
  question: string;
  answer?: string;
  finalAnswer?: string;
  outcome?: Outcome;
  steps: ShownStep[];
  labels: Record<string, number[]>;
  standardErrors: Record<string, number[]>;
  /** Places in `labelings`, by label name. */
  labelings?: Record<string, number>;
  scores: ShownScores[];
}

/** A calibration that the report itself computed, and on what. */
export interface ComputedCalibration extends CalibrationResult {
  /** Places in `runs` of the runs with the labels. */
  runs: number[];
  /** Labelled solutions that have scores. */
  numSolutions: number;
  /** Of the intervals. */
  level: number;
  /** The reward model was trained on the very file, so on all of its solutions but those of the problems that it held out. */
  isInSample?: true;
}

/** Values of right and of wrong solutions, and of those whose outcome nobody knows. */
export interface Distribution {
  /** A label's name, `step`, or an aggregate. */
  name: string;
  /** Of scores: the model's place in `models`. */
  model?: number;
  histogram: Histogram;
}

export interface Inspection {
  numProblems: number;
  numSolutions: number;
  /** True when a run kept completions. */
  hasCompletions: boolean;
  /** Those that are in the report. */
  solutions: ShownSolution[];
}

export interface ReportData {
  version: 1;
  title: string;
  runs: ReportedRun[];
  /** `run`: place in `runs`. */
  evaluations: { run: number; evaluation: Evaluation }[];
  finetunings: { run: number; finetuning: Finetuning }[];
  /** Of several fine-tunings that can be compared. */
  finetuningComparison?: FinetuningComparison;
  trainings: Training[];
  models: ReportedModel[];
  /** How labels of the shown solutions were come by. */
  labelings: Labeling[];
  labelDistributions: Distribution[];
  scoreDistributions: Distribution[];
  /** Computed from labels and scores, where no evaluation says it. */
  calibration: ComputedCalibration[];
  inspection: Inspection;
  /** What a reader should know: inputs that changed, scores without a solution. */
  notes: string[];
}
