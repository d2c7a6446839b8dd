/**
 * Stage `label`: solutions -> step labels. K completions of every prefix (the prompt and steps 0..t) are sampled and graded;
 * the counts are the measurement, labels are computed from them. The last step is not completed: nothing is left to write, its
 * count is the solution's own outcome (`terminal`). That holds for a solution cut off by its length limit too: it is what
 * the policy made of the problem within the limit, and it is graded by whatever answer it states.
 *
 * Completion k of a prefix is a function of (policy, prompt, sampling, seed, problem id, solution index, step index, k).
 */
import { expectPositiveInteger } from "../check.js";
import { labelSteps } from "../data/step-labels.js";
import { Grader } from "../grading/grader.js";
import { inOrder, type Started } from "../policy/in-order.js";
import type { Policy } from "../policy/policy.js";
import { completeSampling, type Sampling } from "../policy/sampling.js";
import type { Completion } from "../policy/trunk.js";
import type { PromptSettings } from "../text/prompt.js";
import { defaultStepRule, type StepRule } from "../text/step-rule.js";
import type { LabelName, LabelRecord, Solution, StepCounts } from "../types.js";
import { labelNames } from "./label-names.js";
import { gradeTexts, type OutcomeGrader } from "./outcomes.js";
import { sampleTrunk } from "./sample-trunk.js";
import { prefixesOf, type SolutionPrefixes } from "./solution-prefixes.js";
import type { StageCounts } from "./stage-counts.js";

export interface LabelStageOptions {
  policy: Policy;
  /** Completions of each prefix, default 16. */
  numCompletions?: number | undefined;
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

/**
 * Label records in the order of the solutions.
 * @throws ERPRM_INVALID_ARGUMENT (options), ERPRM_INVALID_DATA (a prefix that fills the context), ERPRM_OUT_OF_MEMORY, ERPRM_ABORTED
 */
export async function* labelStage(
  solutions: Iterable<Solution> | AsyncIterable<Solution>,
  options: LabelStageOptions,
): AsyncGenerator<LabelRecord, void, undefined> {
  const { policy, counts, signal, prompt } = options;
  const numCompletions = expectPositiveInteger("numCompletions", options.numCompletions ?? defaultNumCompletions);
  const sampling = completeSampling(options.sampling ?? {});
  const names = labelNames(options.etas);
  const rule = options.split ?? defaultStepRule;
  const seed = options.seed ?? 0;
  const ownGrader = options.grader ? undefined : new Grader();
  const grader = options.grader ?? (ownGrader as Grader);

  const start = (solution: Solution, innerSignal: AbortSignal): Started<LabelRecord> => {
    const cut = prefixesOf(policy, solution, { prompt, rule });
    const groups = cut.prefixes.map(({ length }, stepIndex) => ({
      prefixLength: length,
      numCompletions,
      solutionIndex: solution.index,
      stepIndex,
      firstCompletion: 0,
    }));
    const request = { trunk: cut.trunk, groups, problemId: solution.problemId, seed, sampling, signal: innerSignal };
    const sampled = sampleTrunk(policy, request, counts);
    const result = sampled.then(async (completions) => {
      const numCorrect = await countCorrect(policy, cut, completions, solution.answer, grader);
      return recordOf(solution, numCompletions, numCorrect, names);
    });
    return { weight: groups.length * numCompletions, sampled, result };
  };
  try {
    yield* inOrder(solutions, start, { slots: policy.maxBatch, signal });
  } finally {
    await ownGrader?.dispose();
  }
}

/** For each prefix, how many of its completions end in the reference answer. */
async function countCorrect(
  policy: Policy,
  { prefixes }: SolutionPrefixes,
  completions: readonly Completion[][],
  reference: string,
  grader: OutcomeGrader,
): Promise<number[]> {
  const texts = completions.map((ofPrefix, t) =>
    ofPrefix.map(({ tokenIds }) => prefixes[t]?.text + policy.tokenizer.decode(tokenIds, { skipSpecialTokens: true })),
  );
  const graded = await gradeTexts(grader, texts.flat(), reference);
  let next = 0;
  return texts.map((ofPrefix) => {
    const outcomes = graded.slice(next, next + ofPrefix.length);
    next += ofPrefix.length;
    return outcomes.filter(({ outcome }) => outcome === 1).length;
  });
}

function recordOf(
  solution: Solution,
  numCompletions: number,
  numCorrect: readonly number[],
  names: readonly LabelName[],
): LabelRecord {
  const { problemId, index, question, answer, outcome, finalAnswer } = solution;
  const steps = solution.steps.map((text, t): StepCounts => {
    if (t < numCorrect.length) return { text, numCompletions, numCorrect: numCorrect[t] as number };
    return { text, numCompletions: 1, numCorrect: outcome, terminal: true };
  });
  return {
    problemId,
    index,
    question,
    answer,
    outcome,
    ...(finalAnswer === undefined ? {} : { finalAnswer }),
    steps,
    ...labelSteps(steps, names),
  };
}
