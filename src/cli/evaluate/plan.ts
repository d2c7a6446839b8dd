/**
 * What an evaluation is to be made from. Everything that can be wrong with the command or its files is found here, before
 * a model is loaded: scoring may take hours.
 */

import { sha256OfFile } from "../../data/file-hash.js";
import { readGraded, readPlacedScores } from "../../data/read-graded.js";
import { readProcessBench } from "../../data/read-process-bench.js";
import { aggregates as allAggregates } from "../../data/selection.js";
import { ErprmError } from "../../errors.js";
import type { EvaluatedModel } from "../../evaluation/evaluation.js";
import type { OpenedRewardModel } from "../../reward/reward-model.js";
import { byKey, matchScores } from "../../stages/evaluation-pool.js";
import { expectCandidateNumbers } from "../../stages/evaluation-settings.js";
import { matchLabels } from "../../stages/label-prefixes.js";
import type { Aggregate } from "../../types.js";
import { type evaluateOptions, scoringOptions } from "../commands/evaluate.js";
import { refuseIdleFlags } from "../idle-flags.js";
import type { OptionValues } from "../option.js";
import { required } from "../policy-values.js";
import { factsBeside, rewardModelFacts } from "../score/reward-model-facts.js";
import { type OpenRewardModel, rewardModelOptionsOf } from "../score/reward-model-options.js";
import type { Given, Surroundings } from "../stage-command.js";
import { note } from "../with-run.js";
import { expectScoresOf } from "./expect-scores-of.js";
import { expectUniqueNames, type NamedPath, namedPath } from "./model-names.js";

export type EvaluateValues = OptionValues<typeof evaluateOptions>;

export interface PlannedModel extends EvaluatedModel {
  aggregates: readonly Aggregate[];
  /** Absent: its scores are there already, in the file `path`. */
  opened?: OpenedRewardModel;
}

/** A file in ProcessBench form. */
export interface PlannedFile extends NamedPath {
  numSolutions: number;
}

export interface EvaluationPlan {
  /** Of the graded solutions. */
  solutions: string;
  numSolutions: number;
  labels: string | undefined;
  models: PlannedModel[];
  processBench: PlannedFile[];
}

/** @throws ERPRM_INVALID_ARGUMENT, ERPRM_INVALID_DATA, and whatever opening a reward model throws */
export async function planEvaluation(
  values: EvaluateValues,
  given: Given,
  surroundings: Surroundings,
  openRewardModel: OpenRewardModel,
): Promise<EvaluationPlan> {
  const path = required("solutions", values.solutions, "a file with graded solutions");
  required("out", values.out, "the run directory");
  const [asked, scored, files] = [values.rewardModel, values.scores, values.processbench].map((all) =>
    (all ?? []).map(namedPath),
  ) as [NamedPath[], NamedPath[], NamedPath[]];
  refuseIdle(given, asked.length, scored.length);
  expectUniqueNames([...asked, ...scored], "reward models", "--reward-model or --scores");
  expectUniqueNames(files, "ProcessBench files", "--processbench");

  const solutions = await byKey(readGraded(path));
  if (values.numCandidates) expectCandidateNumbers(values.numCandidates, solutions.values());
  if (values.labels !== undefined) await matchLabels(solutions, readGraded(values.labels));
  for (const model of scored) {
    await matchScores(model.name, solutions, readPlacedScores(model.path));
    const unknown = await expectScoresOf({ path, byKey: solutions }, model);
    if (unknown !== undefined) note(unknown, values, surroundings);
  }
  const processBench: PlannedFile[] = [];
  for (const file of files) {
    const numSolutions = (await byKey(readProcessBench(file.path))).size;
    processBench.push({ ...file, numSolutions });
  }
  const models: PlannedModel[] = [];
  for (const model of asked) models.push(await openedModel(model, values, surroundings, openRewardModel));
  for (const model of scored) models.push(await scoredModel(model, values));
  return { solutions: path, numSolutions: solutions.size, labels: values.labels, models, processBench };
}

function refuseIdle(given: Given, numAsked: number, numScored: number): void {
  const [noModel, nothing] = [numAsked === 0, numAsked + numScored === 0];
  const names = scoringOptions.map(({ name }) => name);
  refuseIdleFlags(given, [
    { names: [...names, "processbench"], why: "without --reward-model: no model is asked", when: noModel },
    {
      names: ["labels", "aggregate", "threshold"],
      why: "without --reward-model or --scores: nothing has scores",
      when: nothing,
    },
  ]);
  // What stands in a configuration file may serve other commands, but these solutions were to be scored by somebody.
  if (noModel && given.options.has("processbench")) {
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      "Expected processbench together with --reward-model, received none",
      {
        name: "processbench",
      },
    );
  }
}

async function openedModel(
  { name, path }: NamedPath,
  values: EvaluateValues,
  surroundings: Surroundings,
  openRewardModel: OpenRewardModel,
): Promise<PlannedModel> {
  const opened = await openRewardModel(path, rewardModelOptionsOf(values, surroundings.signal));
  for (const text of opened.notes) note(text, values, surroundings);
  const { aggregate, ...facts } = rewardModelFacts(opened.config);
  const { fingerprint } = opened;
  return { name, source: "model", path, fingerprint, ...facts, aggregates: aggregatesOf(values, aggregate), opened };
}

async function scoredModel({ name, path }: NamedPath, values: EvaluateValues): Promise<PlannedModel> {
  const { aggregate, ...facts } = (await factsBeside(path)) ?? {};
  const fingerprint = await sha256OfFile(path);
  return { name, source: "scores", path, fingerprint, ...facts, aggregates: aggregatesOf(values, aggregate) };
}

/** The model's own aggregate, where it is known and wanted, comes first: with that one the model is compared with the others. */
function aggregatesOf({ aggregate }: EvaluateValues, own: Aggregate | undefined): readonly Aggregate[] {
  if (aggregate === undefined) return [own ?? "min"];
  const isAll = aggregate.includes("all");
  const wanted = isAll ? allAggregates : aggregate.filter((one): one is Aggregate => one !== "all");
  return own !== undefined && wanted.includes(own) ? [own, ...wanted.filter((one) => one !== own)] : wanted;
}
