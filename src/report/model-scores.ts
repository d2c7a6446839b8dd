/** The scores of each reward model: how they are distributed, how well calibrated they are, and those that are shown. */
import { basename } from "node:path";
import { readScores } from "../data/read-solutions.js";
import { aggregates } from "../data/selection.js";
import { allCountBiases, type CountBias } from "../evaluation/count-bias.js";
import { calibrationResult } from "../evaluation/reliability.js";
import type { ScoreRecord } from "../types.js";
import { addValue, type HistogramValues, histogramOf, newValues } from "./histogram.js";
import type { ComputedCalibration, Distribution, ReportedModel, ShownScores } from "./report-data.js";
import type { JoinedFile } from "./run-files.js";
import type { SolutionFacts, SolutionPool } from "./solution-pool.js";

export interface PoolScores {
  models: ReportedModel[];
  distributions: Distribution[];
  calibration: ComputedCalibration[];
  /** By solution. */
  shown: Map<string, ShownScores[]>;
  /** Scores that fit no solution, or several. */
  numMissing: number;
}

interface ModelTally {
  /** As the records or the run name the model. */
  named: string;
  /** Solutions that have a score, with its mean. */
  solutions: Map<string, number>;
  values: Map<string, HistogramValues>;
  scores: number[];
  successRates: number[];
  problemIds: string[];
  countBiases: CountBias[];
  /** Solutions that these prefixes are of, and the files with their counts. */
  numMeasured: number;
  countedIn: Set<JoinedFile>;
  /** The models that records name. */
  paths: Set<string>;
}

/** The intervals of a calibration that nobody asked an evaluation for: as an evaluation's defaults. */
const intervals = { level: 0.95, numResamples: 1000, seed: 0 };

export interface ModelScoresOptions {
  withCalibration: boolean;
  /** Names that evaluations gave to models, by how the records name them. */
  aliases: ReadonlyMap<string, string>;
  /** Whether a model, as scores name it, learned from these files. */
  wasTrainedOn: (model: string, files: readonly JoinedFile[]) => Promise<boolean>;
  signal?: AbortSignal | undefined;
}

/** @throws as `readScores` */
export async function readModelScores(
  files: readonly JoinedFile[],
  pool: SolutionPool,
  chosen: ReadonlySet<string>,
  options: ModelScoresOptions,
): Promise<PoolScores> {
  const tallies: ModelTally[] = [];
  const shown = new Map<string, ShownScores[]>();
  let numMissing = 0;
  const aliases = new Map(options.aliases);
  // Those with a name first: it is then known what the model is called that others' records name by its path.
  const all = files.filter(({ kind }) => kind === "scores").sort((x, y) => Number(!x.name) - Number(!y.name));
  for (const file of all) {
    for await (const score of readScores(file.path)) {
      options.signal?.throwIfAborted();
      const identity = pool.find(score, ({ numSteps }) => numSteps === score.stepScores.length, file);
      if (identity === undefined) {
        numMissing += 1;
        continue;
      }
      if (file.name !== undefined && !aliases.has(score.model)) aliases.set(score.model, file.name);
      const model = modelOf(tallies, file.name ?? aliases.get(score.model) ?? score.model, identity, score);
      if (model === undefined) continue;
      addScore(tallies[model] as ModelTally, identity, pool.facts.get(identity) as SolutionFacts, score);
      if (!chosen.has(identity)) continue;
      const scoresOfSolution = shown.get(identity) ?? [];
      shown.set(identity, scoresOfSolution);
      scoresOfSolution.push({ model, stepScores: score.stepScores, scores: score.scores });
    }
  }
  const names = uniqueNames(tallies);
  const calibration: ComputedCalibration[] = [];
  for (const [i, tally] of tallies.entries()) {
    if (!options.withCalibration || tally.scores.length === 0) continue;
    calibration.push(await computedCalibration(names[i] as string, tally, options));
  }
  return {
    models: tallies.map(({ solutions }, i) => ({ name: names[i] as string, numSolutions: solutions.size })),
    distributions: tallies.flatMap(({ values }, model) => distributionsOf(values, model)),
    calibration,
    shown,
    numMissing,
  };
}

/**
 * The model's place among the tallies. Files of one model over different solutions are one. The same score of a solution again
 * is nothing new: undefined; another score of it is another model's by the same name.
 */
function modelOf(tallies: ModelTally[], named: string, identity: string, { scores }: ScoreRecord): number | undefined {
  for (const [model, tally] of tallies.entries()) {
    if (tally.named !== named) continue;
    const known = tally.solutions.get(identity);
    if (known === undefined) return model;
    if (known === scores.mean) return undefined;
  }
  const values = new Map<string, HistogramValues>();
  return (
    tallies.push({
      named,
      solutions: new Map(),
      values,
      scores: [],
      successRates: [],
      problemIds: [],
      countBiases: [],
      numMeasured: 0,
      countedIn: new Set(),
      paths: new Set(),
    }) - 1
  );
}

async function computedCalibration(
  name: string,
  tally: ModelTally,
  { wasTrainedOn, signal }: ModelScoresOptions,
): Promise<ComputedCalibration> {
  const result = await calibrationResult(name, tally, { ...intervals, signal });
  const files = [...tally.countedIn];
  const runs = [...new Set(files.map(({ run }) => run))].sort((a, b) => a - b);
  const inSample = await Promise.all([...tally.paths].map((path) => wasTrainedOn(path, files)));
  const { numMeasured: numSolutions } = tally;
  const isInSample = inSample.includes(true);
  return { ...result, runs, numSolutions, level: intervals.level, ...(isInSample && { isInSample }) };
}

function addScore(tally: ModelTally, identity: string, facts: SolutionFacts, score: ScoreRecord): void {
  tally.solutions.set(identity, score.scores.mean);
  for (const value of score.stepScores) addValue(valuesOf(tally, "step"), facts.outcome, value);
  for (const how of aggregates) addValue(valuesOf(tally, how), facts.outcome, score.scores[how]);
  const numBefore = tally.scores.length;
  for (const [i, numCompletions] of (facts.numCompletions ?? []).entries()) {
    if (numCompletions === 0 || facts.isTerminal?.[i]) continue;
    tally.scores.push(score.stepScores[i] as number);
    tally.successRates.push((facts.numCorrect?.[i] as number) / numCompletions);
    tally.problemIds.push(facts.problemId);
    tally.countBiases = allCountBiases([tally.countBiases, facts.countBiases ?? []]);
  }
  if (tally.scores.length === numBefore) return;
  tally.numMeasured += 1;
  tally.paths.add(score.model);
  if (facts.countedIn) tally.countedIn.add(facts.countedIn);
}

function valuesOf({ values }: ModelTally, name: string): HistogramValues {
  const found = values.get(name) ?? newValues();
  values.set(name, found);
  return found;
}

export function distributionsOf(values: ReadonlyMap<string, HistogramValues>, model?: number): Distribution[] {
  return [...values].flatMap(([name, ofName]) => {
    const histogram = histogramOf(ofName);
    return histogram ? [{ name, ...(model !== undefined && { model }), histogram }] : [];
  });
}

/** The model's own name; where two files have one name, with a number. */
function uniqueNames(tallies: readonly ModelTally[]): string[] {
  const used = new Map<string, number>();
  return tallies.map(({ named }) => {
    const short = basename(named) || named;
    const others = tallies.filter((other) => other.named !== named && basename(other.named) === short);
    const name = others.length > 0 ? named : short;
    const earlier = used.get(name) ?? 0;
    used.set(name, earlier + 1);
    return earlier === 0 ? name : `${name} (${earlier + 1})`;
  });
}
