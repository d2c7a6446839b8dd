/** Solutions -> a live file of scores, going on behind the records that are there. */
import type { JsonlAppender } from "../../data/jsonl-appender.js";
import { readScores, solutionKey } from "../../data/read-solutions.js";
import type { OpenedRewardModel, RewardModel } from "../../reward/reward-model.js";
import { newScoreCounts, type SolutionToScore, scoreStage } from "../../stages/score.js";
import type { ScoreRecord } from "../../types.js";
import { Progress } from "../progress.js";
import type { Surroundings } from "../stage-command.js";
import { writing } from "../write-records.js";

export interface ScoringTask<S extends SolutionToScore = SolutionToScore> {
  /** Loads the model, or hands out one that is loaded; whoever gave it disposes of it. */
  rewardModel(): Promise<RewardModel>;
  appender: JsonlAppender<ScoreRecord>;
  /** All of them; those that have a score are passed over. */
  solutions: AsyncIterable<S>;
  numSolutions: number;
  /** Is told of the solutions that have no score and get none; see `scoreStage`. */
  onUnfit?: ((solution: S, reason: string) => void) | undefined;
  /** The progress line's name. */
  title: string;
  /** What the records call the model; default: as it was named when it was loaded. */
  name?: string | undefined;
}

export interface ScoringNumbers {
  recordsBefore: number;
  scoredTokens: number;
  /** Seconds. */
  loadSeconds: number;
  runSeconds: number;
}

/** A model that is loaded when it is first asked for, and disposed of if it was. */
export async function withRewardModel<T>(
  opened: OpenedRewardModel,
  use: (rewardModel: () => Promise<RewardModel>) => Promise<T>,
): Promise<T> {
  let loaded: Promise<RewardModel> | undefined;
  try {
    return await use(() => (loaded ??= opened.load()));
  } finally {
    await (await loaded?.catch(() => undefined))?.dispose();
  }
}

/** `seen` gets every record in order, those that were there before too. @throws as `scoreStage`, ERPRM_IO */
export async function scoreInto<S extends SolutionToScore>(
  { rewardModel, appender, solutions, numSolutions, onUnfit, title, name }: ScoringTask<S>,
  { tokensPerBatch, quiet }: { tokensPerBatch: number; quiet: boolean },
  { signal, stderr }: Surroundings,
  seen: (record: ScoreRecord) => void = () => {},
): Promise<ScoringNumbers> {
  const startedAt = performance.now();
  const recordsBefore = appender.numRecords;
  if (recordsBefore > 0) for await (const record of readScores(appender.path)) seen(record);
  if (recordsBefore === numSolutions) return { recordsBefore, scoredTokens: 0, loadSeconds: 0, runSeconds: 0 };
  const model = await rewardModel();
  const loadedAt = performance.now();
  const counts = newScoreCounts();
  const progress = new Progress({
    ...{ title, unit: "solutions", total: numSolutions, done: recordsBefore, quiet, stream: stderr },
  });
  async function* left() {
    for await (const solution of solutions) if (!appender.has(solutionKey(solution))) yield solution;
  }
  async function* records() {
    const options = { rewardModel: model, tokenBudget: tokensPerBatch, counts, onUnfit, signal };
    for await (const record of scoreStage(left(), options)) {
      yield name === undefined ? record : { ...record, model: name };
    }
  }
  try {
    let done = recordsBefore;
    for await (const record of writing(records(), appender)) {
      seen(record);
      done += 1;
      const seconds = (performance.now() - loadedAt) / 1000;
      progress.update(done, `${(counts.tokens / seconds).toFixed(0)} tokens/s`);
    }
  } finally {
    progress.end();
  }
  return {
    recordsBefore,
    scoredTokens: counts.tokens,
    loadSeconds: (loadedAt - startedAt) / 1000,
    runSeconds: (performance.now() - loadedAt) / 1000,
  };
}
