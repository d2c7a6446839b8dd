/** What `erprm score` does. */
import { readScorable } from "../../data/read-scorable.js";
import { solutionKey } from "../../data/read-solutions.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { type OpenedRewardModel, RewardModel } from "../../reward/reward-model.js";
import { formatStepRule, parseStepRule } from "../../text/step-rule.js";
import type { Outcome, ScoreRecord } from "../../types.js";
import type { scoreOptions } from "../commands/score.js";
import type { OptionValues } from "../option.js";
import { packageBuild } from "../package-build.js";
import { required } from "../policy-values.js";
import type { SessionNumbers } from "../session.js";
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

/** Outcomes by solution, read before the model is: what is wrong with the file is said at once. */
async function outcomesOf(path: string, limit: number | undefined): Promise<Map<string, Outcome | undefined>> {
  const outcomes = new Map<string, Outcome | undefined>();
  for await (const solution of take(readScorable(path), limit)) outcomes.set(solutionKey(solution), solution.outcome);
  return outcomes;
}

async function scoreRun(
  run: RunDirectory,
  opened: OpenedRewardModel,
  { path, outcomes }: { path: string; outcomes: ReadonlyMap<string, Outcome | undefined> },
  values: ScoreValues,
  surroundings: Surroundings,
): Promise<SessionNumbers> {
  const appender = await run.appender<ScoreRecord>("scores.jsonl", solutionKey);
  const tally = new ScoreTally();
  const numSolutions = outcomes.size;
  const unfit = new UnfitSolutions(values.maxFaults, numSolutions);
  const { recordsBefore, scoredTokens, loadSeconds, runSeconds } = await withRewardModel(opened, (rewardModel) => {
    const solutions = take(readScorable(path), values.limit);
    const onUnfit = unfit.add.bind(unfit);
    const task = { rewardModel, appender, solutions, numSolutions, onUnfit, title: "score" };
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
    const out = required("out", values.out, "the run directory");
    const options = rewardModelOptionsOf(values, surroundings.signal);
    const outcomes = await outcomesOf(path, values.limit);
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
        ...{ device, dtype, contextLength, limit },
      },
      freeOptions: {
        ...{ threads, kvMemory, tokensPerBatch, maxFaults: values.maxFaults },
        rewardModelFacts: rewardModelFacts(opened.config),
      },
      seed: 0,
      inputs: { solutions: path },
      models: { rewardModel: opened.fingerprint },
      build: packageBuild(opened.build),
      outputs: ["scores.jsonl"],
    };
    const form = { text: scoreSummaryText, json: scoreSummaryJson };
    await withRun(
      description,
      { ...values, out },
      surroundings,
      (run) => scoreRun(run, opened, { path, outcomes }, values, surroundings),
      form,
    );
  };
}
