/**
 * Stage `evaluate`: graded solutions and the scores that reward models gave them -> how well each way of choosing one answer
 * does, how well the step scores are calibrated, and how well they find first wrong steps. The mathematics is in src/evaluation;
 * here the records are joined, answers grouped, and it is decided what is evaluated.
 */
import { failArgument } from "../check.js";
import type { Placed } from "../data/placed.js";
import type { GradedSolution } from "../data/read-graded.js";
import { ErprmError } from "../errors.js";
import { methodResults } from "../evaluation/accuracy.js";
import { compareMethods, flipsFor } from "../evaluation/comparisons.js";
import { allCountBiases, type CountBias, countBiasesOf } from "../evaluation/count-bias.js";
import { discriminationResult } from "../evaluation/discrimination.js";
import type { EvaluatedModel, Evaluation } from "../evaluation/evaluation.js";
import { noAnswer } from "../evaluation/group-answers.js";
import { lengthResult } from "../evaluation/lengths.js";
import { defaultNumCandidates, methodAccuracies } from "../evaluation/methods.js";
import type { CandidatePool } from "../evaluation/pool.js";
import { calibrationResult } from "../evaluation/reliability.js";
import { Grader } from "../grading/grader.js";
import type { Records } from "../training/build-examples.js";
import type { Aggregate, ScoreRecord } from "../types.js";
import { byKey, matchScores, poolOf, type StepScores } from "./evaluation-pool.js";
import { completeSettings, type EvaluationSettings, expectCandidateNumbers } from "./evaluation-settings.js";
import { type FirstErrorFile, firstErrorsInFiles, firstErrorsInLabels } from "./first-error-cases.js";
import { type CountedSolution, matchLabels, measuredSteps, solvedProblems } from "./label-prefixes.js";
import type { OutcomeGrader } from "./outcomes.js";

/** A reward model by its scores of the solutions. */
export interface ScoredModel extends EvaluatedModel {
  /** How its step scores become solution scores; default: `min`. The first one is compared with the other models. */
  aggregates?: readonly Aggregate[] | undefined;
  /** One for each solution, in any order. */
  scores: Records<Placed<ScoreRecord>>;
}

export interface EvaluationInput {
  solutions: Records<Placed<GradedSolution>>;
  models: readonly ScoredModel[];
  /** Counts of some or all of the solutions. Default: those that the solutions bring along. */
  labels?: Records<Placed<GradedSolution>> | undefined;
  firstErrors?: readonly FirstErrorFile[] | undefined;
}

export interface EvaluateStageOptions extends EvaluationSettings {
  /** Ns, ascending; default: 1, 2, 4, ... and the largest that at least half of the problems have. */
  numCandidates?: readonly number[] | undefined;
  /** Says whether two wrong answers are one. Default: one of its own, closed at the end. */
  grader?: OutcomeGrader | undefined;
  /** Is told, often, what is being computed. */
  onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A part of an evaluation on its way; `unit` is the plural of what `done` and `total` count. */
export interface EvaluationProgress {
  what: string;
  unit: string;
  done: number;
  total: number;
}

const defaultAggregates: readonly Aggregate[] = ["min"];

interface Model {
  name: string;
  facts: EvaluatedModel;
  aggregates: readonly Aggregate[];
  /** By solution key. */
  stepScores: Map<string, StepScores>;
}

/**
 * A function of the records, their order and the options.
 * @throws ERPRM_INVALID_DATA {file, line} for records that do not fit together; ERPRM_INVALID_ARGUMENT (options); ERPRM_ABORTED
 */
export async function evaluateStage(input: EvaluationInput, options: EvaluateStageOptions = {}): Promise<Evaluation> {
  const { signal } = options;
  const { threshold, seed, level, numBootstrap, numFlips, numSubsets } = completeSettings(options);
  const drawing = { seed, level, numResamples: numBootstrap, signal };
  const solutions = await byKey(input.solutions);
  if (solutions.size === 0) throw new ErprmError("ERPRM_INVALID_DATA", "Expected at least one solution, received none");
  const given = options.numCandidates && expectCandidateNumbers(options.numCandidates, solutions.values());
  const models = await modelsOf(input.models, solutions);
  const counted = input.labels ? await matchLabels(solutions, input.labels) : countedOf(solutions);
  if (input.labels && counted.every(({ counts }) => measuredSteps(counts).length === 0)) {
    throw new ErprmError("ERPRM_INVALID_DATA", "Expected labels with completions of some prefix, found none", {
      field: "numCompletions",
    });
  }
  const telling = (what: string, unit: string) => (done: number, total: number) =>
    options.onProgress?.({ what, unit, done, total });
  const drawingFor = (what: string) => ({ ...drawing, onProgress: telling(what, "draws") });
  const grouping = { onProgress: telling("answers", "problems"), signal };
  const pool = await withGrader(options.grader, (grader) => poolOf(solutions, models, { grader, ...grouping }));

  const numCandidates = [...(given ?? defaultNumCandidates(pool))];
  const aggregates = models.map((model) => model.aggregates);
  const onProgress = (n: number, done: number, total: number) =>
    telling(`accuracies at N = ${n}`, "problems")(done, total);
  const choosing = { aggregates, numCandidates, seed, numSubsets, onProgress, signal };
  const accuracies = await methodAccuracies(pool, choosing);
  const methods = await methodResults(accuracies, drawingFor("intervals of accuracies"));
  const comparisons = await compareMethods(accuracies, { ...drawingFor("comparisons"), numFlips });
  const firstErrorOptions = { ...drawingFor("first wrong steps"), threshold };
  const firstErrors = [
    ...(await firstErrorsInLabels(counted, solvedProblems(counted, solutions.values()), models, firstErrorOptions)),
    ...(await firstErrorsInFiles(input.firstErrors ?? [], models, firstErrorOptions)),
  ];
  const calibration = [];
  const lengths = [];
  const discriminations = [];
  for (const { name, stepScores, aggregates } of models) {
    const prefixes = measuredPrefixes(counted, stepScores);
    const calibrating = drawingFor(`calibration of ${name}`);
    if (prefixes.scores.length > 0) calibration.push(await calibrationResult(name, prefixes, calibrating));
    const correlating = drawingFor(`scores and lengths of ${name}`);
    const discriminating = drawingFor(`right and wrong candidates of ${name}`);
    for (const aggregate of aggregates) {
      discriminations.push(await discriminationResult(pool, { model: name, aggregate, ...discriminating }));
      lengths.push(await lengthResult(pool, { model: name, aggregate, ...correlating }));
    }
  }
  return {
    version: 1,
    ...sizesOf(pool),
    numCandidates,
    models: models.map(({ facts }) => facts),
    ...{ level, seed, numBootstrap, numFlips: flipsFor(comparisons.length, numFlips), numSubsets },
    ...{ methods, comparisons, calibration, firstErrors, lengths, discriminations },
  };
}

async function modelsOf(
  scored: readonly ScoredModel[],
  solutions: ReadonlyMap<string, Placed<GradedSolution>>,
): Promise<Model[]> {
  const models: Model[] = [];
  for (const { scores, aggregates = defaultAggregates, ...facts } of scored) {
    const { name } = facts;
    if (models.some((other) => other.name === name)) failArgument("the models' names", "unique", name);
    models.push({ name, facts, aggregates, stepScores: await matchScores(name, solutions, scores) });
  }
  return models;
}

async function withGrader<T>(given: OutcomeGrader | undefined, use: (grader: OutcomeGrader) => Promise<T>): Promise<T> {
  if (given) return use(given);
  const grader = new Grader();
  try {
    return await use(grader);
  } finally {
    await grader.dispose();
  }
}

/** The labels that the solutions bring along. */
function countedOf(solutions: ReadonlyMap<string, GradedSolution>): CountedSolution[] {
  return [...solutions].flatMap(([key, { problemId, counts, allocation }]) =>
    counts ? [{ key, problemId, counts, allocation }] : [],
  );
}

/**
 * Every measured prefix counts the same, however many completions it has. The measures are linear in its success rate, so that few
 * completions make them noisier; but stopping by what was counted biases the rates, and with them the measures.
 */
function measuredPrefixes(counted: readonly CountedSolution[], stepScores: ReadonlyMap<string, StepScores>) {
  const prefixes = { problemIds: [] as string[], scores: [] as number[], successRates: [] as number[] };
  const biases: CountBias[][] = [];
  for (const { key, problemId, counts, allocation } of counted) {
    const steps = measuredSteps(counts);
    if (steps.length > 0) biases.push(countBiasesOf(allocation));
    for (const { step, successRate } of steps) {
      prefixes.problemIds.push(problemId);
      prefixes.scores.push(stepScores.get(key)?.[step] as number);
      prefixes.successRates.push(successRate);
    }
  }
  return { ...prefixes, countBiases: allCountBiases(biases) };
}

function sizesOf({ problems }: CandidatePool) {
  const sizes = problems.map(({ candidates }) => candidates.length);
  const all = problems.flatMap(({ candidates }) => candidates);
  return {
    numProblems: problems.length,
    numSolutions: all.length,
    numRight: all.filter(({ outcome }) => outcome === 1).length,
    numWithoutAnswer: all.filter(({ answerGroup }) => answerGroup === noAnswer).length,
    solutionsPerProblem: [sizes.reduce((a, b) => Math.min(a, b)), sizes.reduce((a, b) => Math.max(a, b))] as [
      number,
      number,
    ],
  };
}
