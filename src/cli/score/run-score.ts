/** What `erprm score` does. */
import type { Place } from "../../data/data-error.js";
import { readScorable, type ScorableSolution } from "../../data/read-scorable.js";
import { solutionKey } from "../../data/read-solutions.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { weightsOn } from "../../policy/device.js";
import { type OpenedRewardModel, RewardModel } from "../../reward/reward-model.js";
import { ofShard } from "../../shard/select.js";
import type { Shard } from "../../shard/shard.js";
import { formatStepRule, parseStepRule } from "../../text/step-rule.js";
import type { Outcome, ScoreRecord } from "../../types.js";
import type { scoreOptions } from "../commands/score.js";
import type { OptionValues } from "../option.js";
import { packageBuild } from "../package-build.js";
import { required } from "../policy-values.js";
import type { SessionNumbers } from "../session.js";
import { keepProblemList, shardedRun, shardIdentity } from "../shard/options.js";
import type { Run, Surroundings } from "../stage-command.js";
import { take } from "../take.js";
import { note, withRun } from "../with-run.js";
import { rewardModelFacts } from "./reward-model-facts.js";
import { type OpenRewardModel, rewardModelOptionsOf } from "./reward-model-options.js";
import { scoreInto, withRewardModel } from "./score-into.js";
import { scoreSummaryJson, scoreSummaryText } from "./summary.js";
import { ScoreTally } from "./tally.js";
import { UnfitSolutions } from "./unfit-solutions.js";

type ScoreValues = OptionValues<typeof scoreOptions>;

/** What is scored: all solutions of a file, or those of a shard. */
interface ScoredSolutions {
  /** Every call reads the file again. */
  read(): AsyncIterable<ScorableSolution & { place: Place }>;
  /** By solution. */
  outcomes: Map<string, Outcome | undefined>;
  problemIds: Set<string>;
}

/** Read once before the model is: what is wrong with the file is said at once. */
async function solutionsOf(
  path: string,
  limit: number | undefined,
  shard: Shard | undefined,
): Promise<ScoredSolutions> {
  const read = () => ofShard(take(readScorable(path), limit), shard, ({ problemId }) => problemId, path);
  const outcomes = new Map<string, Outcome | undefined>();
  const problemIds = new Set<string>();
  for await (const solution of read()) {
    outcomes.set(solutionKey(solution), solution.outcome);
    problemIds.add(solution.problemId);
  }
  return { read, outcomes, problemIds };
}

async function scoreRun(
  run: RunDirectory,
  opened: OpenedRewardModel,
  { read, outcomes }: ScoredSolutions,
  values: ScoreValues,
  surroundings: Surroundings,
): Promise<SessionNumbers> {
  const appender = await run.appender<ScoreRecord>("scores.jsonl", solutionKey);
  const tally = new ScoreTally();
  const numSolutions = outcomes.size;
  const unfit = new UnfitSolutions(values.maxFaults, numSolutions);
  const { recordsBefore, scoredTokens, loadSeconds, runSeconds } = await withRewardModel(opened, (rewardModel) => {
    const onUnfit = unfit.add.bind(unfit);
    const task = { rewardModel, appender, solutions: read(), numSolutions, onUnfit, title: "score" };
    return scoreInto(task, values, surroundings, (record) => tally.add(record, outcomes.get(solutionKey(record))));
  });
  const leftOut = unfit.describe();
  if (leftOut !== undefined) note(leftOut, values, surroundings);
  return {
    counts: {
      ...{ ...tally.counts, leftOut: unfit.count, recordsBefore, scoredTokens },
      // Kibibytes on Linux.
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    },
    timings: { load: loadSeconds, run: runSeconds },
  };
}

export function runScore(openRewardModel: OpenRewardModel = RewardModel.open): Run<typeof scoreOptions> {
  return async (values, _given, surroundings) => {
    const model = required("reward-model", values.rewardModel, "a model directory or a .gguf file");
    const path = required("solutions", values.solutions, "a file with solutions");
    const wantedOut = required("out", values.out, "the run directory");
    const options = rewardModelOptionsOf(values, surroundings.signal);
    const sharded = await shardedRun({ ...values, out: wantedOut }, surroundings);
    const { out, shard } = sharded;
    const solutions = await solutionsOf(path, values.limit, shard);
    const opened = await openRewardModel(model, options);
    for (const text of opened.notes) note(text, values, surroundings);

    const { device, dtype, contextLength, limit, split, threads, kvMemory, tokensPerBatch } = values;
    const description = {
      stage: "score",
      options: {
        // Its name is in every record.
        rewardModel: model,
        convention: opened.config.convention,
        split: formatStepRule(parseStepRule(split)),
        ...{ device, dtype: weightsOn(device, dtype), contextLength, limit },
        ...shardIdentity(sharded).options,
      },
      freeOptions: {
        ...{ threads, kvMemory, tokensPerBatch, maxFaults: values.maxFaults },
        rewardModelFacts: rewardModelFacts(opened.config),
      },
      seed: 0,
      inputs: { solutions: path },
      models: { rewardModel: opened.fingerprint },
      build: packageBuild(opened.build),
      outputs: ["scores.jsonl", ...shardIdentity(sharded).outputs],
    };
    const form = { text: scoreSummaryText, json: scoreSummaryJson };
    await withRun(
      description,
      { ...values, out },
      surroundings,
      async (run) => {
        await keepProblemList(sharded, run, solutions.problemIds);
        return scoreRun(run, opened, solutions, values, surroundings);
      },
      form,
    );
  };
}
