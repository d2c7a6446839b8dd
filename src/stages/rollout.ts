/**
 * Stage `rollout`: problems -> solutions. Solution i of a problem is a function of (policy, prompt, sampling, seed, problem
 * id, i) alone: not of the other problems, the order of arrival, threads or batch size.
 */
import { expectInteger, expectPositiveInteger } from "../check.js";
import { Grader } from "../grading/grader.js";
import { inOrder, type Started } from "../policy/in-order.js";
import { isText, type RolloutPolicy, type SampledCompletion } from "../policy/rollout-policy.js";
import { completeSampling, type Sampling } from "../policy/sampling.js";
import { promptStepIndex } from "../policy/trunk.js";
import { cutSolution } from "../text/cut-solution.js";
import type { PromptSettings } from "../text/prompt.js";
import { splitSteps } from "../text/split-steps.js";
import { defaultStepRule, type StepRule } from "../text/step-rule.js";
import type { Problem, Solution } from "../types.js";
import { gradeTexts, type OutcomeGrader } from "./outcomes.js";
import { promptTokens } from "./question-prompt.js";
import { sampleTrunk } from "./sample-trunk.js";
import type { StageCounts } from "./stage-counts.js";

export interface RolloutStageOptions {
  policy: RolloutPolicy;
  /** Solutions of each problem, default 16. */
  numSolutions?: number | undefined;
  /** Default: temperature 0.7, nothing truncated, at most 1024 tokens. */
  sampling?: Partial<Sampling> | undefined;
  split?: StepRule | undefined;
  prompt?: PromptSettings | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** So many solutions, counted from the first of the first problem, are there already and are not sampled again. */
  skip?: number | undefined;
  /** Default: one of its own, closed at the end. */
  grader?: OutcomeGrader | undefined;
  counts?: StageCounts | undefined;
  signal?: AbortSignal | undefined;
}

export const defaultNumSolutions = 16;
export const defaultSolutionTemperature = 0.7;

/**
 * Solutions in the order of the problems, then of their index.
 * @throws ERPRM_INVALID_ARGUMENT (options), ERPRM_INVALID_DATA (a prompt that fills the context), ERPRM_OUT_OF_MEMORY, ERPRM_ABORTED
 */
export async function* rolloutStage(
  problems: Iterable<Problem> | AsyncIterable<Problem>,
  options: RolloutStageOptions,
): AsyncGenerator<Solution, void, undefined> {
  const { policy, counts, signal } = options;
  const numSolutions = expectPositiveInteger("numSolutions", options.numSolutions ?? defaultNumSolutions);
  const sampling = completeSampling({ temperature: defaultSolutionTemperature, ...options.sampling });
  const rule = options.split ?? defaultStepRule;
  const seed = options.seed ?? 0;
  let toSkip = expectInteger("skip", options.skip ?? 0);
  const ownGrader = options.grader ? undefined : new Grader();
  const grader = options.grader ?? (ownGrader as Grader);

  const start = (problem: Problem, innerSignal: AbortSignal): Started<Solution[]> => {
    const first = Math.min(toSkip, numSolutions);
    toSkip -= first;
    const trunk = promptTokens(policy, problem, options.prompt);
    const groups = Array.from({ length: numSolutions - first }, (_, i) => ({
      prefixLength: trunk.length,
      numCompletions: 1,
      solutionIndex: first + i,
      stepIndex: promptStepIndex,
      firstCompletion: 0,
    }));
    const request = { trunk, groups, problemId: problem.id, seed, sampling, signal: innerSignal };
    const sampled = sampleTrunk(policy, request, counts);
    const result = sampled.then((completions) => solutionsOf(problem, first, completions.flat(), policy, rule, grader));
    return { weight: groups.length, sampled, result };
  };
  try {
    for await (const solutions of inOrder(problems, start, { slots: policy.maxBatch, signal })) yield* solutions;
  } finally {
    await ownGrader?.dispose();
  }
}

async function solutionsOf(
  problem: Problem,
  firstIndex: number,
  completions: readonly SampledCompletion[],
  policy: RolloutPolicy,
  rule: StepRule,
  grader: OutcomeGrader,
): Promise<Solution[]> {
  const cut = completions.map((completion) => cutCompletion(completion, policy, rule));
  const texts = cut.map(({ steps }) => steps.join(""));
  const graded = await gradeTexts(grader, texts, problem.answer);
  return completions.map((completion, i) => {
    const { steps, ...tokens } = cut[i] as (typeof cut)[number];
    const { finalAnswer, outcome } = graded[i] as (typeof graded)[number];
    return {
      problemId: problem.id,
      index: firstIndex + i,
      question: problem.question,
      answer: problem.answer,
      steps,
      ...(finalAnswer === undefined ? {} : { finalAnswer }),
      outcome,
      finishReason: completion.finishReason,
      ...tokens,
    };
  });
}

/** The steps, and what is known of the tokens. */
function cutCompletion(
  completion: SampledCompletion,
  policy: RolloutPolicy,
  rule: StepRule,
): Pick<Solution, "steps" | "tokenIds" | "stepEnds" | "logProbability"> {
  if (isText(completion)) {
    const steps = splitSteps(completion.text, rule);
    // As of a completion that is nothing but its end token.
    return { steps: steps.length > 0 ? steps : [""] };
  }
  const { tokenIds, logProbabilities } = completion;
  const { steps, stepEnds } = cutSolution(tokenIds, policy.text.tokenizer.tokenBytes(), rule);
  const logProbability = logProbabilities?.reduce((sum, value) => sum + value, 0);
  return { steps, tokenIds: Array.from(tokenIds), stepEnds, ...(logProbability !== undefined && { logProbability }) };
}
