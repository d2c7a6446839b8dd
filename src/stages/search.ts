/**
 * Stage `search`: problems -> the solution that a search with a reward model chooses. What it finds for a problem is a
 * function of (policy, reward model, options, prompt, seed, problem) alone: not of the other problems, the order of arrival,
 * threads or batch sizes. The searches of many problems are under way at a time, so that both models have full batches.
 */
import { expectInteger, expectOneOf, expectPositiveInteger } from "../check.js";
import { aggregate, aggregates } from "../data/selection.js";
import { Grader } from "../grading/grader.js";
import { inOrder, type Started } from "../policy/in-order.js";
import type { Policy } from "../policy/policy.js";
import { completeSampling, type Sampling } from "../policy/sampling.js";
import type { RewardModel } from "../reward/reward-model.js";
import { beamSearch } from "../search/beam.js";
import { bestOfNSearch } from "../search/best-of-n.js";
import { diverseTreeSearch } from "../search/diverse-trees.js";
import { PolicySampler } from "../search/policy-sampler.js";
import { ScoreQueue, type SearchScoreCounts } from "../search/score-queue.js";
import {
  type FoundSolution,
  type SearchAlgorithm,
  type SearchRecord,
  searchAlgorithms,
} from "../search/search-record.js";
import type { PrefixScorer, SearchResult } from "../search/search-tools.js";
import { defaultSearchRule, expectLocalRule } from "../search/step-end.js";
import { numSlotsOf } from "../search/tree-search.js";
import type { PromptSettings } from "../text/prompt.js";
import type { StepRule } from "../text/step-rule.js";
import type { Aggregate, Problem, Solution } from "../types.js";
import { type Graded, gradeTexts, type OutcomeGrader } from "./outcomes.js";
import { promptTokens } from "./question-prompt.js";
import { defaultSolutionTemperature } from "./rollout.js";
import { sampleTrunk } from "./sample-trunk.js";
import type { StageCounts } from "./stage-counts.js";

export interface SearchStageOptions {
  policy: Policy;
  /** Loaded with the same `split`, which says how it joins steps. */
  rewardModel: RewardModel;
  /** Default `beam`. */
  algorithm?: SearchAlgorithm | undefined;
  /** `beam`, `dvts`: extensions of a level, a multiple of `width`; default 16. */
  beams?: number | undefined;
  /** `beam`, `dvts`: extensions of a prefix; default 4. */
  width?: number | undefined;
  /** `beam`, `dvts`: most steps of a solution, default 40. */
  maxSteps?: number | undefined;
  /** `beam`: copies of a prefix are kept beside it; default false. */
  keepEqual?: boolean | undefined;
  /** `best-of-n`: solutions of a problem, at most; default as many as the budget holds, without one 16. */
  numSolutions?: number | undefined;
  /** Tokens sampled for a problem, at most; default: no limit. A solution has no more tokens than that. */
  budgetTokens?: number | undefined;
  /** What prefixes and solutions are ranked by; default `last`: the score of a prefix is what is expected of it from there on. */
  aggregate?: Aggregate | undefined;
  /** Default: temperature 0.7, nothing truncated, at most 1024 tokens a solution. */
  sampling?: Partial<Sampling> | undefined;
  /** What ends a step; default `newline`. Not `auto`, which looks at whole solutions. */
  split?: StepRule | undefined;
  prompt?: PromptSettings | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** Most tokens of a forward pass of the reward model, default 4096. */
  tokenBudget?: number | undefined;
  /** Default: one of its own, closed at the end. */
  grader?: OutcomeGrader | undefined;
  counts?: StageCounts | undefined;
  /** Filled in while the stage works. */
  scoreCounts?: SearchScoreCounts | undefined;
  signal?: AbortSignal | undefined;
}

export interface SearchedProblem {
  /** The answer of the search, index 0. */
  solution: Solution;
  record: SearchRecord;
}

export const defaultBeams = 16;
export const defaultWidth = 4;
export const defaultMaxSteps = 40;
export const defaultSearchAggregate: Aggregate = "last";

interface Tools {
  sampler: PolicySampler;
  score: PrefixScorer;
}

/** The options, checked: a search of one problem with its tools. */
function algorithmOf(options: SearchStageOptions): (tools: Tools) => Promise<SearchResult> {
  const algorithm = expectOneOf("algorithm", options.algorithm ?? "beam", searchAlgorithms);
  const how = expectOneOf("aggregate", options.aggregate ?? defaultSearchAggregate, aggregates);
  const { budgetTokens } = options;
  if (budgetTokens !== undefined) expectPositiveInteger("budgetTokens", budgetTokens);
  if (algorithm === "best-of-n") {
    const numSolutions = options.numSolutions ?? (budgetTokens === undefined ? defaultBeams : undefined);
    if (numSolutions !== undefined) expectPositiveInteger("numSolutions", numSolutions);
    return ({ sampler, score }) =>
      bestOfNSearch({ sample: sampler.sampleSolutions, score, numSolutions, budgetTokens, aggregate: how });
  }
  const tree = { beams: options.beams ?? defaultBeams, width: options.width ?? defaultWidth };
  numSlotsOf(tree);
  const maxSteps = expectPositiveInteger("maxSteps", options.maxSteps ?? defaultMaxSteps);
  const limits = { ...tree, maxSteps, budgetTokens, aggregate: how };
  if (algorithm === "dvts") {
    return ({ sampler, score }) => diverseTreeSearch({ sample: sampler.sampleSteps, score, ...limits });
  }
  const { keepEqual } = options;
  return ({ sampler, score }) => beamSearch({ sample: sampler.sampleSteps, score, ...limits, keepEqual });
}

/**
 * One solution a problem, in the order of the problems. What the reward model cannot read is counted and never chosen, unless
 * it cannot read anything that was sampled.
 * @throws ERPRM_INVALID_ARGUMENT (options), ERPRM_INVALID_DATA (a prompt that fills the policy's context), ERPRM_NUMERICAL,
 *   ERPRM_OUT_OF_MEMORY, ERPRM_ABORTED
 */
export async function* searchStage(
  problems: Iterable<Problem> | AsyncIterable<Problem>,
  options: SearchStageOptions,
): AsyncGenerator<SearchedProblem, void, undefined> {
  const { policy, rewardModel, counts, scoreCounts, signal, budgetTokens } = options;
  const algorithm = options.algorithm ?? "beam";
  const search = algorithmOf(options);
  const given = completeSampling({ temperature: defaultSolutionTemperature, ...options.sampling });
  // So that the first completion always fits into the budget, and a search has an answer.
  const sampling = { ...given, maxTokens: Math.min(given.maxTokens, budgetTokens ?? given.maxTokens) };
  const rule = expectLocalRule(options.split ?? defaultSearchRule);
  const seed = expectInteger("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER);
  const ownGrader = options.grader ? undefined : new Grader();
  const grader = options.grader ?? (ownGrader as Grader);
  const queue = new ScoreQueue(rewardModel, options.tokenBudget, scoreCounts);
  const weight = algorithm === "best-of-n" ? (options.numSolutions ?? defaultBeams) : (options.beams ?? defaultBeams);

  const start = (problem: Problem, innerSignal: AbortSignal): Started<SearchedProblem> => {
    const sampler = new PolicySampler({
      rollout: (request) => sampleTrunk(policy, request, counts),
      prompt: promptTokens(policy, problem, options.prompt),
      problemId: problem.id,
      seed,
      sampling,
      rule,
      contextLength: policy.contextLength,
      tokenBytes: policy.tokenizer.tokenBytes(),
      stopTokenIds: sampling.stopTokenIds ?? policy.text.stopTokenIds,
      signal: innerSignal,
    });
    const found = search({ sampler, score: (prefixes) => queue.score(problem, prefixes) });
    const result = found.then((one) => searched(problem, algorithm, one, grader));
    return { weight, sampled: found, result };
  };
  try {
    yield* inOrder(problems, start, { slots: policy.maxBatch, signal });
  } finally {
    await ownGrader?.dispose();
  }
}

async function searched(
  problem: Problem,
  algorithm: SearchAlgorithm,
  result: SearchResult,
  grader: OutcomeGrader,
): Promise<SearchedProblem> {
  const { chosen, chosenIndex, solutions, levels, tokens, end } = result;
  const prefixes = [chosen, ...solutions];
  const texts = prefixes.map(({ prefix }) => prefix.steps.join(""));
  const [graded, ...others] = (await gradeTexts(grader, texts, problem.answer)) as [Graded, ...Graded[]];
  const { steps, stepEnds, tokenIds, logProbability, finishReason } = chosen.prefix;
  const solution: Solution = {
    problemId: problem.id,
    index: 0,
    question: problem.question,
    answer: problem.answer,
    steps: [...steps],
    ...graded,
    ...(finishReason && { finishReason }),
    tokenIds: [...tokenIds],
    stepEnds: [...stepEnds],
    logProbability,
  };
  const record: SearchRecord = {
    problemId: problem.id,
    index: 0,
    algorithm,
    tokens,
    end,
    ...(chosenIndex !== undefined && { chosen: chosenIndex }),
    levels,
    solutions: solutions.map(({ prefix, stepScores }, i): FoundSolution => {
      const scores = aggregates.map((how) => [how, aggregate(stepScores, how)] as const);
      return {
        ...(others[i] as Graded),
        finishReason: prefix.finishReason ?? "length",
        numTokens: prefix.tokenIds.length,
        stepScores: [...stepScores],
        scores: Object.fromEntries(scores) as Record<Aggregate, number>,
      };
    }),
  };
  return { solution, record };
}
