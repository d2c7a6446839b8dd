/** Everything that a report shows, from the directories of one run or of several that belong together. */
import { dirname, resolve } from "node:path";
import { failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import { compareFinetunings, type FinetuningComparison } from "../evaluation/compare-finetunings.js";
import { readEvaluation, readFinetuningFile } from "../evaluation/read-results.js";
import { distributionsOf, readModelScores } from "./model-scores.js";
import { readTraining } from "./read-training.js";
import type { ReportData, ReportedRun } from "./report-data.js";
import { findRunFiles, type JoinedFile, joinFiles, type RunFiles } from "./run-files.js";
import { readShownSolutions } from "./shown-solutions.js";
import { SolutionPool } from "./solution-pool.js";
import { wasTrainedOn } from "./trained-on.js";

export interface CollectOptions {
  /** Run directories, at least one. */
  runs: readonly string[];
  /** Default: the names of the runs. */
  title?: string | undefined;
  /** Most solutions whose texts are in the report, default 500. Distributions are over all. */
  maxSolutions?: number | undefined;
  signal?: AbortSignal | undefined;
}

export const defaultMaxSolutions = 500;

/**
 * @throws ERPRM_INVALID_ARGUMENT for no runs; ERPRM_NOT_FOUND for a directory that is none; ERPRM_INVALID_DATA for broken files;
 *   ERPRM_IO; ERPRM_ABORTED
 */
export async function collectReport(options: CollectOptions): Promise<ReportData> {
  const { maxSolutions = defaultMaxSolutions, signal } = options;
  const paths = [...new Map(options.runs.map((path) => [resolve(path), path])).values()];
  if (paths.length === 0) failArgument("runs", "at least one run directory", paths.length);
  const found = await Promise.all(paths.map(findRunFiles));
  const joined = await joinFiles(found);
  const names = shortNames(paths);
  const runs = found.map((run, i) => reportedRun(run, names[i] as string));
  const results = await readResults(joined, names);
  signal?.throwIfAborted();

  const files = withoutAside(joined);
  const pool = new SolutionPool();
  await pool.read(files);
  signal?.throwIfAborted();
  const chosen = pool.choose(maxSolutions);
  const withCalibration = !results.evaluations.some(({ evaluation }) => evaluation.calibration.length > 0);
  const scores = await readModelScores(files, pool, chosen, {
    withCalibration,
    aliases: new Map(
      results.evaluations.flatMap(({ evaluation }) => evaluation.models.map(({ path, name }) => [path, name])),
    ),
    wasTrainedOn: (model, labels) => wasTrainedOn(model, labels, found),
    signal,
  });
  const { solutions, labelings } = await readShownSolutions(files, pool, chosen, scores.shown);
  const notes = found.flatMap((run) => run.notes);
  const compared = await finetuningComparison(joined, signal);
  if (typeof compared === "string") notes.push(`the fine-tunings are not compared: ${compared}`);
  notes.push(...pool.labelConflicts());
  if (scores.numMissing > 0)
    notes.push(`${scores.numMissing} scores fit none of the solutions of the runs, or several`);
  return {
    version: 1,
    title: options.title ?? names.join(", "),
    runs,
    ...results,
    ...(typeof compared === "object" && { finetuningComparison: compared }),
    models: scores.models,
    labelings,
    labelDistributions: distributionsOf(pool.labelValues),
    scoreDistributions: scores.distributions,
    calibration: scores.calibration,
    inspection: {
      numProblems: pool.numProblems,
      numSolutions: pool.facts.size,
      hasCompletions: solutions.some(({ steps }) => steps.some(({ completions }) => completions !== undefined)),
      solutions,
    },
    notes,
  };
}

function withoutAside(files: readonly JoinedFile[]): JoinedFile[] {
  const isPool = ({ kind, isAside }: JoinedFile) => (kind === "labels" || kind === "solutions") && !isAside;
  return files.some(isPool) ? files.filter(({ isAside }) => !isAside) : [...files];
}

function reportedRun({ path, manifest }: RunFiles, name: string): ReportedRun {
  const { stage, seed, options, inputs, models, build, counts = {}, timings = {} } = manifest;
  const isComplete = manifest.status === "complete";
  return { name, path, stage, isComplete, seed, options, inputs, models, build, counts, timings };
}

async function readResults(files: readonly JoinedFile[], names: readonly string[]) {
  const evaluations: ReportData["evaluations"] = [];
  const finetunings: ReportData["finetunings"] = [];
  const trainings: ReportData["trainings"] = [];
  for (const { kind, path, run, name: part } of files) {
    const name = names[run] as string;
    if (kind === "evaluation") evaluations.push({ run, evaluation: await readEvaluation(path) });
    if (kind === "finetuning") finetunings.push({ run, finetuning: await readFinetuningFile(path) });
    if (kind === "training") {
      trainings.push({ run, name: part === undefined ? name : `${name} ${part}`, ...(await readTraining(path)) });
    }
  }
  return { evaluations, finetunings, trainings };
}

/** Undefined where there are not several; why not, where they cannot be compared: each still has its own tables. */
async function finetuningComparison(
  files: readonly JoinedFile[],
  signal: AbortSignal | undefined,
): Promise<FinetuningComparison | string | undefined> {
  const directories = files.flatMap(({ kind, path }) => (kind === "finetuning" ? [dirname(path)] : []));
  if (directories.length < 2) return undefined;
  try {
    return await compareFinetunings(directories, { signal });
  } catch (error) {
    const isAboutRuns = error instanceof ErprmError && ["ERPRM_INVALID_DATA", "ERPRM_NOT_FOUND"].includes(error.code);
    if (isAboutRuns) return error.message;
    throw error;
  }
}

/** The fewest last parts of each path that tell it from all others. */
function shortNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => resolve(path).split("/").filter(Boolean));
  const ending = (all: readonly string[], length: number) => all.slice(-length).join("/");
  return parts.map((own, i) => {
    for (let length = 1; length < own.length; length += 1) {
      const name = ending(own, length);
      if (parts.every((other, j) => i === j || ending(other, length) !== name)) return name;
    }
    return own.join("/");
  });
}
