/**
 * Stage `label`: solutions -> step labels. Completions of the prefixes (the prompt and steps 0..t) are sampled and graded;
 * the counts are the measurement, labels are computed from them. The last step is not completed: nothing is left to write, its
 * count is the solution's own outcome (`terminal`). That holds for a solution cut off by its length limit too: it is what
 * the policy made of the problem within the limit, and it is graded by whatever answer it states.
 *
 * Completion k of a prefix is a function of (policy, prompt, sampling, seed, problem id, solution index, step index, k).
 */
import { checkEstimator, labelSteps, plugIn } from "../data/step-labels.js";
import { Grader } from "../grading/grader.js";
import { checkAllocation, type PrefixCounts } from "../labeling/allocation.js";
import { inferredFrom } from "../labeling/first-error.js";
import { inOrder, type Started } from "../policy/in-order.js";
import type { RolloutPolicy } from "../policy/rollout-policy.js";
import { completeSampling, type Sampling } from "../policy/sampling.js";
import type { PromptSettings } from "../text/prompt.js";
import { defaultStepRule, type StepRule } from "../text/step-rule.js";
import type { Allocation, CompletionRecord, Estimator, LabelRecord, Solution, StepCounts } from "../types.js";
import { labelNames } from "./label-names.js";
import { measurePrefixes } from "./measure-prefixes.js";
import type { OutcomeGrader } from "./outcomes.js";
import { prefixesOf } from "./solution-prefixes.js";
import type { StageCounts } from "./stage-counts.js";

export interface LabelStageOptions {
  policy: RolloutPolicy;
  /** Completions of each prefix, default 16. Not together with `allocation`. */
  numCompletions?: number | undefined;
  /** How many completions each prefix gets, where it is not the same number for all. */
  allocation?: Allocation | undefined;
  /** Default: plug-in. */
  estimator?: Estimator | undefined;
  /** Of the completions. Default: temperature 1, nothing truncated, at most 1024 tokens. */
  sampling?: Partial<Sampling> | undefined;
  /** Etas of the `er:ETA` labels, default 1, 2, 5. `hard` and `soft` are always there. */
  etas?: readonly number[] | undefined;
  /** How solutions from elsewhere were split: decides which delimiter stands between their steps. */
  split?: StepRule | undefined;
  prompt?: PromptSettings | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** Default: one of its own, closed at the end. */
  grader?: OutcomeGrader | undefined;
  counts?: StageCounts | undefined;
  signal?: AbortSignal | undefined;
}

export const defaultNumCompletions = 16;

/** A labelled solution with the completions behind it. */
export interface LabelledSolution {
  record: LabelRecord;
  /** Ordered by step, then completion. */
  completions: CompletionRecord[];
}

/**
 * Label records in the order of the solutions.
 * @throws ERPRM_INVALID_ARGUMENT (options), ERPRM_INVALID_DATA (a prefix that fills the context), ERPRM_OUT_OF_MEMORY, ERPRM_ABORTED
 */
export async function* labelStage(
  solutions: Iterable<Solution> | AsyncIterable<Solution>,
  options: LabelStageOptions,
): AsyncGenerator<LabelRecord, void, undefined> {
  for await (const { record } of labelled(solutions, options, false)) yield record;
}

/** As `labelStage`, each record with its completions. @throws as `labelStage` */
export function labelStageWithCompletions(
  solutions: Iterable<Solution> | AsyncIterable<Solution>,
  options: LabelStageOptions,
): AsyncGenerator<LabelledSolution, void, undefined> {
  return labelled(solutions, options, true);
}

async function* labelled(
  solutions: Iterable<Solution> | AsyncIterable<Solution>,
  options: LabelStageOptions,
  keepCompletions: boolean,
): AsyncGenerator<LabelledSolution, void, undefined> {
  const { policy, counts, signal, prompt, numCompletions = defaultNumCompletions } = options;
  const allocation = checkAllocation(options.allocation ?? { kind: "fixed", numCompletions });
  const estimator = checkEstimator(options.estimator ?? plugIn);
  const sampling = completeSampling(options.sampling ?? {});
  const names = labelNames(options.etas);
  const rule = options.split ?? defaultStepRule;
  const seed = options.seed ?? 0;
  const ownGrader = options.grader ? undefined : new Grader();
  const grader = options.grader ?? (ownGrader as Grader);

  const start = (solution: Solution, innerSignal: AbortSignal): Started<LabelledSolution> => {
    const cut = prefixesOf(policy, solution, { prompt, rule });
    const measuring = { policy, allocation, sampling, seed, grader, keepCompletions, counts, signal: innerSignal };
    const { weight, sampled, measured } = measurePrefixes(solution, cut, measuring);
    const result = measured.then(({ counts: ofPrefixes, completions }) => {
      const steps = stepsOf(solution, ofPrefixes);
      const labels = labelSteps(steps, names, estimator);
      const how = {
        ...(allocation.kind === "fixed" ? {} : { allocation }),
        ...(estimator.kind === "plug-in" ? {} : { estimator }),
      };
      return { record: { ...identityOf(solution), steps, ...labels, ...how }, completions };
    });
    return { weight, sampled, result };
  };
  try {
    yield* inOrder(solutions, start, { slots: policy.maxBatch, signal });
  } finally {
    await ownGrader?.dispose();
  }
}

function identityOf({ problemId, index, question, answer, outcome, finalAnswer }: Solution) {
  return { problemId, index, question, answer, outcome, ...(finalAnswer === undefined ? {} : { finalAnswer }) };
}

function stepsOf(solution: Solution, counts: readonly PrefixCounts[]): StepCounts[] {
  return solution.steps.map((text, t): StepCounts => {
    const count = counts[t];
    if (count === undefined) return { text, numCompletions: 1, numCorrect: solution.outcome, terminal: true };
    return { text, ...count, ...(count.numCompletions === 0 && { inferredFrom: inferredFrom(counts, t) }) };
  });
}
