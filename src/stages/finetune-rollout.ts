/** The first half of a round: roll out, score, select. Each part's file holds what was finished when the process ends. */
import { join } from "node:path";
import { JsonlAppender } from "../data/jsonl-appender.js";
import { writing } from "../data/live-records.js";
import { readRecords } from "../data/read-records.js";
import { parseScoreRecord, readSolutions, solutionKey } from "../data/read-solutions.js";
import { writeRecords } from "../data/write-records.js";
import type { RoundMeasures } from "../evaluation/finetuning.js";
import type { Policy } from "../policy/policy.js";
import type { Problem, ScoreRecord, Solution } from "../types.js";
import { RoundTally } from "./finetune-measures.js";
import type { FinetuneProgress, FinetuneStageOptions } from "./finetune-options.js";
import { isUsable, selectSolutions } from "./finetune-selection.js";
import { type RolloutStageOptions, rolloutStage } from "./rollout.js";
import { scoreStage } from "./score.js";

export const solutionsFile = "solutions.jsonl";
export const scoresFile = "scores.jsonl";
export const selectedFile = "selected.jsonl";

/** Rolls out what is not in the file yet; loads the policy only if there is something to do. */
export async function rollOutInto(
  path: string,
  problems: readonly Problem[],
  load: () => Promise<Policy>,
  options: Omit<RolloutStageOptions, "policy" | "skip"> & { numSolutions: number },
  progress: { begin(total: number, done: number, policy: Policy): void } & Pick<FinetuneProgress, "advance" | "end">,
): Promise<void> {
  const appender = await JsonlAppender.open<Solution>(path, solutionKey);
  try {
    const skip = appender.numRecords;
    const total = problems.length * options.numSolutions;
    if (skip === total) return;
    const policy = await load();
    try {
      progress.begin(total, skip, policy);
      const solutions = rolloutStage(problems, { ...options, policy, skip });
      for await (const _ of writing(solutions, appender)) progress.advance?.();
    } finally {
      progress.end?.();
      await policy.dispose();
    }
  } finally {
    await appender.close();
  }
}

/** Scores the usable solutions that the reward model can read; the others have no record. */
export async function scoreRound(directory: string, roundIndex: number, options: FinetuneStageOptions): Promise<void> {
  const { rewardModel: source, progress, signal, tokenBudget } = options;
  if (!source) return;
  const appender = await JsonlAppender.open<ScoreRecord>(join(directory, scoresFile), solutionKey);
  try {
    const rewardModel = await source.opened.load();
    try {
      let total = 0;
      for await (const solution of readSolutions(join(directory, solutionsFile))) total += Number(isUsable(solution));
      progress?.begin?.("score", roundIndex, total, appender.numRecords);
      const isDue = (solution: Solution) =>
        isUsable(solution) && !appender.has(solutionKey(solution)) && rewardModel.unfit(solution) === undefined;
      const due = filtered(readSolutions(join(directory, solutionsFile)), isDue);
      const scores = scoreStage(due, { rewardModel, tokenBudget, signal });
      for await (const _ of writing(scores, appender)) progress?.advance?.();
    } finally {
      progress?.end?.();
      await rewardModel.dispose();
    }
  } finally {
    await appender.close();
  }
}

async function* filtered<T>(values: AsyncIterable<T>, keep: (value: T) => boolean): AsyncGenerator<T> {
  for await (const value of values) if (keep(value)) yield value;
}

/** Writes selected.jsonl, and measures the round's solutions on the way. */
export async function selectRound(directory: string, options: FinetuneStageOptions): Promise<RoundMeasures> {
  const { selection, rewardModel, seed = 0, signal } = options;
  const scores = new Map<string, number>();
  if (rewardModel) {
    const aggregate = rewardModel.aggregate ?? rewardModel.opened.config.aggregate;
    // Not `readScores`: the file is empty where no solution could be scored.
    for await (const { value, file, line } of readRecords(join(directory, scoresFile))) {
      const record = parseScoreRecord(value, { file, line });
      scores.set(solutionKey(record), record.scores[aggregate]);
    }
  }
  const tally = new RoundTally();
  async function* selected(): AsyncGenerator<Solution> {
    for await (const solutions of byProblem(readSolutions(join(directory, solutionsFile)))) {
      const own = solutions.map((solution) => scores.get(solutionKey(solution)));
      const candidates = solutions.map((solution, i) => ({ ...solution, score: own[i] }));
      const indices = selectSolutions(candidates, selection);
      tally.add(solutions, own, indices, rewardModel !== undefined);
      for (const i of indices) yield solutions[i] as Solution;
    }
  }
  await writeRecords(join(directory, selectedFile), selected());
  return tally.measures({ seed, signal });
}

/** The solutions of a problem follow each other in a file of rollouts. */
async function* byProblem(solutions: AsyncIterable<Solution>): AsyncGenerator<Solution[]> {
  let group: Solution[] = [];
  for await (const solution of solutions) {
    if (group.length > 0 && group[0]?.problemId !== solution.problemId) {
      yield group;
      group = [];
    }
    group.push(solution);
  }
  if (group.length > 0) yield group;
}
