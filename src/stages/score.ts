/**
 * Stage `score`: solutions -> step scores of a reward model. The scores of a solution are a function of (reward model,
 * convention, question, steps) alone: not of its neighbours in a batch, threads or memory.
 */
import { aggregate, aggregates } from "../data/selection.js";
import type { RewardModel } from "../reward/reward-model.js";
import type { Aggregate, ScoreRecord } from "../types.js";

/** A `Solution`, a `LabelRecord`, or anything else with these fields. */
export interface SolutionToScore {
  problemId: string;
  index: number;
  question: string;
  steps: readonly (string | { text: string })[];
}

/** What the stage counts while it works; the caller owns the object and may read it at any time. */
export interface ScoreCounts {
  solutions: number;
  steps: number;
  /** Of prompts, solutions and tags. */
  tokens: number;
}

export function newScoreCounts(): ScoreCounts {
  return { solutions: 0, steps: 0, tokens: 0 };
}

export interface ScoreStageOptions<S extends SolutionToScore = SolutionToScore> {
  rewardModel: RewardModel;
  /** Most tokens of a forward pass, default 4096. Scores do not depend on it. */
  tokenBudget?: number | undefined;
  counts?: ScoreCounts | undefined;
  /** Is told of each solution that is left out, and why (`ScoreOptions`). Default: such a solution ends the stage where it cannot be scored. */
  onUnfit?: ((solution: S, reason: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Score records in the order of the solutions. The next solutions are read and encoded while the ones before are scored.
 * @throws as `RewardModel.scoreSteps`, naming problem and solution, after the records before it
 */
export async function* scoreStage<S extends SolutionToScore>(
  solutions: Iterable<S> | AsyncIterable<S>,
  { rewardModel, tokenBudget, counts, onUnfit, signal }: ScoreStageOptions<S>,
): AsyncGenerator<ScoreRecord, void, undefined> {
  async function* named() {
    for await (const solution of solutions) {
      const { problemId, index, question, steps } = solution;
      const what = `solution ${index} of problem ${JSON.stringify(problemId)}`;
      const texts = steps.map((step) => (typeof step === "string" ? step : step.text));
      yield { problemId, index, question, steps: texts, what, solution };
    }
  }
  const leftOut = onUnfit && (({ solution }: { solution: S }, reason: string) => onUnfit(solution, reason));
  const options = { tokenBudget, onUnfit: leftOut, signal };
  for await (const { value, stepScores, numTokens } of rewardModel.score(named(), options)) {
    if (counts) {
      counts.solutions += 1;
      counts.steps += stepScores.length;
      counts.tokens += numTokens;
    }
    const { problemId, index } = value;
    yield { problemId, index, model: rewardModel.name, stepScores, scores: allAggregates(stepScores) };
  }
}

function allAggregates(stepScores: readonly number[]): Record<Aggregate, number> {
  const entries = aggregates.map((how) => [how, aggregate(stepScores, how)] as const);
  return Object.fromEntries(entries) as Record<Aggregate, number>;
}
