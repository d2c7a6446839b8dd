/** What `erprm evaluate` does: scores with every model, each into a file of the run directory, then evaluates. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../data/atomic-file.js";
import type { Placed } from "../../data/placed.js";
import { readGraded, readPlacedScores } from "../../data/read-graded.js";
import { readProcessBench } from "../../data/read-process-bench.js";
import { solutionKey } from "../../data/read-solutions.js";
import type { RunDescription, RunDirectory } from "../../data/run-directory.js";
import { weightsOn } from "../../policy/device.js";
import { RewardModel } from "../../reward/reward-model.js";
import { evaluateStage } from "../../stages/evaluate.js";
import { formatStepRule, parseStepRule } from "../../text/step-rule.js";
import type { ScoreRecord } from "../../types.js";
import type { evaluateOptions } from "../commands/evaluate.js";
import { packageBuild, packageVersion } from "../package-build.js";
import { rewardModelFacts, scoresFileOf } from "../score/reward-model-facts.js";
import type { OpenRewardModel } from "../score/reward-model-options.js";
import { scoreInto, withRewardModel } from "../score/score-into.js";
import type { SessionNumbers } from "../session.js";
import type { Run, Surroundings } from "../stage-command.js";
import { note, withRun } from "../with-run.js";
import { evaluationCsv } from "./csv.js";
import { expectScorable, type SolutionToCheck } from "./expect-scorable.js";
import { type EvaluateValues, type EvaluationPlan, type PlannedModel, planEvaluation } from "./plan.js";
import { EvaluationBar } from "./progress.js";
import { csvFile, evaluationFile, evaluationForm, reportFile } from "./summary.js";

/** Of a model that is scored here; `@` is in no name. */
function scoresFile(model: string, processBenchFile?: string): string {
  return scoresFileOf(processBenchFile === undefined ? model : `${model}@${processBenchFile}`);
}

function opened({ models }: EvaluationPlan) {
  return models.flatMap((model) => (model.opened ? [{ ...model, opened: model.opened }] : []));
}

function describe(plan: EvaluationPlan, values: EvaluateValues): RunDescription {
  const { models, processBench } = plan;
  const { numCandidates, threshold, level, numBootstrap, numFlips, numSubsets } = values;
  const { device, dtype, contextLength, split, threads, kvMemory, tokensPerBatch } = values;
  const asked = opened(plan);
  const named = <T>(all: readonly PlannedModel[], valueFor: (model: PlannedModel) => T) =>
    Object.fromEntries(all.map((model) => [model.name, valueFor(model)]));
  const inputs = Object.fromEntries([
    ["solutions", plan.solutions],
    ...(plan.labels === undefined ? [] : [["labels", plan.labels]]),
    ...models.filter(({ source }) => source === "scores").map(({ name, path }) => [`scores of ${name}`, path]),
    ...processBench.map(({ name, path }) => [`first errors of ${name}`, path]),
  ]);
  return {
    stage: "evaluate",
    options: {
      // The order decides that of the results.
      names: models.map(({ name }) => name),
      processBench: processBench.map(({ name }) => name),
      aggregates: named(models, ({ aggregates }) => aggregates),
      ...{ numCandidates, threshold, level, numBootstrap, numFlips, numSubsets },
      ...(asked.length > 0 && {
        conventions: named(asked, (model) => model.opened?.config.convention),
        split: formatStepRule(parseStepRule(split)),
        ...{ device, dtype: weightsOn(device, dtype), contextLength },
      }),
    },
    freeOptions: {
      ...{ threads, kvMemory, tokensPerBatch },
      rewardModelFacts: named(asked, ({ opened }) => opened && rewardModelFacts(opened.config)),
    },
    seed: values.seed,
    inputs,
    models: named(asked, ({ fingerprint }) => fingerprint),
    build: packageBuild(asked[0]?.opened.build),
    outputs: [
      evaluationFile,
      csvFile,
      reportFile,
      ...asked.flatMap(({ name }) => [scoresFile(name), ...processBench.map((file) => scoresFile(name, file.name))]),
    ],
  };
}

interface FileToScore {
  /** Of the scores. */
  file: string;
  read(): AsyncIterable<Placed<SolutionToCheck>>;
  numSolutions: number;
}

function filesToScore(model: string, { solutions, numSolutions, processBench }: EvaluationPlan): FileToScore[] {
  return [
    { file: scoresFile(model), read: () => readGraded(solutions), numSolutions },
    ...processBench.map(({ name, path, numSolutions }) => {
      return { file: scoresFile(model, name), read: () => readProcessBench(path), numSolutions };
    }),
  ];
}

/** Scores of every model that is asked here, of the solutions and of every ProcessBench file. */
async function scoreAll(run: RunDirectory, plan: EvaluationPlan, values: EvaluateValues, surroundings: Surroundings) {
  const all = { scored: 0, recordsBefore: 0, scoredTokens: 0, loadSeconds: 0, runSeconds: 0 };
  const tasks = [];
  // All models before one of them scores: what the last cannot score would cost the scores of those before it.
  for (const { name, opened: model } of opened(plan)) {
    const parts = [];
    for (const { file, ...part } of filesToScore(name, plan)) {
      const appender = await run.appender<ScoreRecord>(file, solutionKey);
      parts.push({ ...part, appender });
      if (appender.numRecords === part.numSolutions) continue;
      const check = { model: name, solutions: part.read(), numSolutions: part.numSolutions };
      await expectScorable(model, check, values, surroundings);
    }
    tasks.push({ name, model, parts });
  }
  for (const { name, model, parts } of tasks) {
    await withRewardModel(model, async (rewardModel) => {
      for (const { appender, read, numSolutions } of parts) {
        const task = { rewardModel, appender, solutions: read(), numSolutions, title: `score ${name}`, name };
        const numbers = await scoreInto(task, values, surroundings);
        all.scored += numSolutions;
        for (const count of ["recordsBefore", "scoredTokens", "loadSeconds", "runSeconds"] as const)
          all[count] += numbers[count];
      }
    });
  }
  return all;
}

async function evaluateRun(
  run: RunDirectory,
  plan: EvaluationPlan,
  values: EvaluateValues,
  surroundings: Surroundings,
): Promise<SessionNumbers> {
  const { loadSeconds, runSeconds, ...counts } = await scoreAll(run, plan, values, surroundings);
  const startedAt = performance.now();
  note(`evaluating ${plan.numSolutions} solutions`, values, surroundings);
  const { numCandidates, threshold, seed, level, numBootstrap, numFlips, numSubsets } = values;
  const bar = new EvaluationBar({ quiet: values.quiet, stream: surroundings.stderr });
  const { signal } = surroundings;
  const evaluation = await evaluateStage(
    {
      solutions: readGraded(plan.solutions),
      models: plan.models.map(({ opened, ...model }) => {
        const path = opened ? run.file(scoresFile(model.name)) : model.path;
        return { ...model, scores: readPlacedScores(path) };
      }),
      labels: plan.labels === undefined ? undefined : readGraded(plan.labels),
      firstErrors: plan.processBench.map(({ name, path }) => ({
        name,
        solutions: readProcessBench(path),
        scores: Object.fromEntries(
          opened(plan).map((model) => [model.name, readPlacedScores(run.file(scoresFile(model.name, name)))]),
        ),
      })),
    },
    { numCandidates, threshold, seed, level, numBootstrap, numFlips, numSubsets, onProgress: bar.show, signal },
  ).finally(() => bar.end());
  const write = (name: string, text: string) => replaceFile(run.file(name), (handle) => handle.writeFile(text));
  await write(csvFile, evaluationCsv(evaluation));
  await write(evaluationFile, `${JSON.stringify(evaluation, null, 2)}\n`);
  const { numProblems, numSolutions, numRight, numWithoutAnswer } = evaluation;
  return {
    counts: {
      ...{ problems: numProblems, solutions: numSolutions, right: numRight, withoutAnswer: numWithoutAnswer },
      models: plan.models.length,
      ...counts,
      // Kibibytes on Linux.
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    },
    timings: { load: loadSeconds, run: runSeconds, evaluate: (performance.now() - startedAt) / 1000 },
  };
}

/** Of a complete run: the page says what the manifest says. One that a kill prevented is written by the next call. */
async function reportOn(out: string, { quiet }: EvaluateValues, surroundings: Surroundings): Promise<void> {
  const path = join(out, reportFile);
  if (existsSync(path)) return;
  const { writeReport } = await import("../../report/write-report.js");
  const { signal } = surroundings;
  const { notes } = await writeReport({ runs: [out], out: path, version: packageVersion(), signal });
  for (const text of notes) note(text, { quiet }, surroundings);
}

export function runEvaluate(openRewardModel: OpenRewardModel = RewardModel.open): Run<typeof evaluateOptions> {
  return async (values, given, surroundings) => {
    const plan = await planEvaluation(values, given, surroundings, openRewardModel);
    const out = values.out as string;
    const body = (run: RunDirectory) => evaluateRun(run, plan, values, surroundings);
    await withRun(describe(plan, values), { ...values, out }, surroundings, body, evaluationForm(out));
    await reportOn(out, values, surroundings);
  };
}
