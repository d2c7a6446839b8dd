/** The scores of each reward model: how they are distributed, how well calibrated they are, and those that are shown. */
import { basename } from "node:path";
import { aggregates } from "../data/selection.js";
import type { CalibrationResult } from "../evaluation/evaluation.js";
import { calibrationResult } from "../evaluation/reliability.js";
import { addValue, type HistogramValues, histogramOf, newValues } from "./histogram.js";
import type { Distribution, ReportedModel, ShownScores } from "./report-data.js";
import type { ReportFile } from "./run-files.js";
import { type SolutionPool, scoresOfPool } from "./solution-pool.js";

export interface PoolScores {
  models: ReportedModel[];
  distributions: Distribution[];
  calibration: CalibrationResult[];
  /** By solution. */
  shown: Map<string, ShownScores[]>;
  /** Scores of solutions that no file has. */
  numMissing: number;
}

interface ModelTally {
  path: string;
  named: string;
  numSolutions: number;
  values: Map<string, HistogramValues>;
  scores: number[];
  successRates: number[];
  problemIds: string[];
}

/** The intervals of a calibration that nobody asked an evaluation for: as an evaluation's defaults. */
const intervals = { level: 0.95, numResamples: 1000, seed: 0 };

/** @throws as `scoresOfPool` */
export async function readModelScores(
  files: readonly ReportFile[],
  pool: SolutionPool,
  chosen: ReadonlySet<string>,
  options: { withCalibration: boolean; signal?: AbortSignal | undefined },
): Promise<PoolScores> {
  const tallies: ModelTally[] = [];
  const shown = new Map<string, ShownScores[]>();
  let numMissing = 0;
  const countMissing = () => {
    numMissing += 1;
  };
  for (const { path } of files.filter(({ kind }) => kind === "scores")) {
    const ofFile = new Map<string, number>();
    for await (const { key, facts, score } of scoresOfPool(path, pool, countMissing)) {
      options.signal?.throwIfAborted();
      const model = ofFile.get(score.model) ?? tallies.push(newTally(path, score.model)) - 1;
      ofFile.set(score.model, model);
      const tally = tallies[model] as ModelTally;
      tally.numSolutions += 1;
      for (const value of score.stepScores) addValue(valuesOf(tally, "step"), facts.outcome, value);
      for (const how of aggregates) addValue(valuesOf(tally, how), facts.outcome, score.scores[how]);
      for (const [i, numCompletions] of (facts.numCompletions ?? []).entries()) {
        if (numCompletions === 0 || facts.isTerminal?.[i]) continue;
        tally.scores.push(score.stepScores[i] as number);
        tally.successRates.push((facts.numCorrect?.[i] as number) / numCompletions);
        tally.problemIds.push(facts.problemId);
      }
      if (!chosen.has(key)) continue;
      const scoresOfSolution = shown.get(key) ?? [];
      shown.set(key, scoresOfSolution);
      scoresOfSolution.push({ model, stepScores: score.stepScores, scores: score.scores });
    }
  }
  const names = uniqueNames(tallies);
  const calibration: CalibrationResult[] = [];
  for (const [i, tally] of tallies.entries()) {
    if (!options.withCalibration || tally.scores.length === 0) continue;
    calibration.push(await calibrationResult(names[i] as string, tally, { ...intervals, signal: options.signal }));
  }
  return {
    models: tallies.map(({ numSolutions }, i) => ({ name: names[i] as string, numSolutions })),
    distributions: tallies.flatMap(({ values }, model) => distributionsOf(values, model)),
    calibration,
    shown,
    numMissing,
  };
}

function newTally(path: string, named: string): ModelTally {
  return { path, named, numSolutions: 0, values: new Map(), scores: [], successRates: [], problemIds: [] };
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
