/**
 * Fine-tunings of one policy beside each other: the start, and what became of it by each way of selecting, paired by held-out
 * problem. Runs that differ only in their seed, and in the reward model that it may have trained, belong to one way; a problem's
 * figure is then the mean over the seeds. Accuracies have Wilson's interval (share-interval.ts): that of a single run is the one
 * in its finetune.json. The intervals of differences are those of the bootstrap over problems, p-values those of sign flips of
 * the problems' differences: all speak of the problems, not of the seeds, whose range is told apart.
 */
import { join } from "node:path";
import { identityDifferences, manifestName, type RunIdentity, readManifest } from "../data/manifest.js";
import { readRecords } from "../data/read-records.js";
import { parseSolution } from "../data/read-solutions.js";
import { ErprmError } from "../errors.js";
import { bootstrap, defaultBootstrap } from "../statistics/bootstrap.js";
import { type CorrectedPValue, correctedPValues } from "../statistics/corrected-p-values.js";
import { shareBounds } from "../statistics/share-interval.js";
import { signFlipTests } from "../statistics/sign-flips.js";
import { flipsFor } from "./comparisons.js";
import type { Estimate } from "./evaluation.js";
import { type Finetuning, finetuneFile, greedyFile } from "./finetuning.js";
import { readFinetuningFile } from "./read-results.js";

/** A complete run of `erprm finetune`. */
export interface FinetuningRun {
  directory: string;
  finetuning: Finetuning;
  /** What its manifest says decided its results; of a run without one, what finetune.json says. */
  identity: RunIdentity;
  /** Outcome of each held-out problem's greedy solution: by the start, then after each round. */
  outcomes: Map<string, number>[];
}

export interface ComparedWay {
  name: string;
  seeds: number[];
  accuracy: Estimate;
  /** Lowest and highest accuracy of a run. */
  range: [number, number];
  /** Accuracy minus that of the start. */
  gain: Estimate;
  meanTokens: number;
  /** Mean over the runs, nats a token; null where one was not measured. */
  divergence: number | null;
}

/** p-values are null for fewer than two problems; Holm's correction is over all of these differences. */
export interface WayDifference extends CorrectedPValue {
  first: string;
  second: string;
  /** Accuracy of the first minus that of the second. */
  difference: Estimate;
}

export interface FinetuningComparison {
  /** Held-out problems. */
  n: number;
  numRounds: number;
  numSolutions: number;
  /** The round whose policies are compared. */
  roundIndex: number;
  /** The first is the start. */
  ways: ComparedWay[];
  /** Of every two ways, the start among them. */
  differences: WayDifference[];
}

export interface FinetuningComparisonOptions {
  /** Default: the last. */
  roundIndex?: number | undefined;
  /** What a run is a case of; runs of one name belong together, and differ in the seed alone. Default: `wayName`. */
  nameOf?: ((run: FinetuningRun) => string) | undefined;
  seed?: number | undefined;
  /** Sign flips, at least; default and minimum as `flipsFor`. */
  numFlips?: number | undefined;
  signal?: AbortSignal | undefined;
}

export const startName = "start";

/** `top er:2`, `top-correct hard`, `threshold 0.8 outcome`, `correct`. */
export function wayName({ finetuning: { selection, threshold, rewardModel } }: FinetuningRun): string {
  const by = rewardModel?.target ?? rewardModel?.name;
  return [selection, threshold, by].filter((part) => part !== undefined).join(" ");
}

/** @throws ERPRM_NOT_FOUND for a directory without finetune.json: no run, or one that is not complete; ERPRM_INVALID_DATA, ERPRM_IO */
export async function readFinetuning(directory: string): Promise<FinetuningRun> {
  const finetuning = await readFinetuningFile(join(directory, finetuneFile)).catch((error: unknown) => {
    if (!(error instanceof ErprmError) || error.code !== "ERPRM_NOT_FOUND") throw error;
    const message = `Expected a complete fine-tuning in ${directory}, found no ${finetuneFile}`;
    throw new ErprmError("ERPRM_NOT_FOUND", message, error.details, error);
  });
  const folders = ["start", ...finetuning.rounds.map(({ roundIndex }) => `round-${roundIndex}`)];
  const outcomes = await Promise.all(
    folders.map(async (folder) => {
      const found = new Map<string, number>();
      for await (const { value, file, line } of readRecords(join(directory, folder, greedyFile))) {
        const { problemId, outcome } = parseSolution(value, { file, line });
        found.set(problemId, outcome);
      }
      return found;
    }),
  );
  return { directory, finetuning, identity: await identityOf(directory, finetuning), outcomes };
}

/**
 * The seed and the reward model are what runs of one way may differ in: another seed may have trained another one. Whether it
 * has the same target is told by the way's name.
 */
async function identityOf(directory: string, { aggregate }: Finetuning): Promise<RunIdentity> {
  const { options = {}, inputs = {} } = (await readManifest(join(directory, manifestName))) ?? {};
  const { training, rewardModel: _, ...others } = options;
  const named = Object.entries(training ?? {}).map(([name, value]) => [`training.${name}`, value]);
  const all = { ...others, ...Object.fromEntries(named), aggregate };
  return { stage: "finetune", options: all, seed: "any", inputs, models: {} };
}

/**
 * @param directories of complete runs with the same start, held-out problems, rounds and solutions a problem; those of one way
 *   with the same problems to train on and the same settings too, each with a seed of its own
 * @throws as `readFinetuning`; ERPRM_INVALID_DATA for runs that cannot be compared, ERPRM_ABORTED
 */
export async function compareFinetunings(
  directories: readonly string[],
  options: FinetuningComparisonOptions = {},
): Promise<FinetuningComparison> {
  const { seed = 0, signal, nameOf = wayName } = options;
  const runs = await Promise.all(directories.map(readFinetuning));
  const [first] = runs;
  if (!first) throw new ErprmError("ERPRM_INVALID_DATA", "Expected at least one run to compare, received none");
  for (const run of runs) expectComparable(first, run);
  const { numRounds, numSolutions } = first.finetuning;
  const roundIndex = options.roundIndex ?? numRounds;
  for (const run of runs) policyAt(run, roundIndex);
  const problemIds = [...(first.outcomes[0]?.keys() ?? [])];
  const groups = new Map<string, FinetuningRun[]>();
  for (const run of runs) groups.set(nameOf(run), [...(groups.get(nameOf(run)) ?? []), run]);
  for (const [name, some] of groups) expectOneWay(name, some);
  const names = [startName, ...groups.keys()];
  /** [ways][problems], the start first: mean outcome over the seeds. */
  const outcomes = [
    outcomesOf([first], 0, problemIds),
    ...[...groups.values()].map((some) => outcomesOf(some, roundIndex, problemIds)),
  ];
  const pairs = names.flatMap((_, j) => names.slice(0, j).map((_, i) => [j, i] as const));
  const differences = pairs.map(([j, i]) =>
    (outcomes[j] as number[]).map((value, p) => value - (outcomes[i]?.[p] as number)),
  );
  const n = problemIds.length;
  const means = (times: Float64Array) =>
    differences.map((values) => values.reduce((sum, value, p) => sum + value * (times[p] as number), 0) / n);
  const estimates = await bootstrap(n, means, { seed, signal });
  const numFlips = flipsFor(pairs.length, options.numFlips);
  const tests = n < 2 ? undefined : await signFlipTests(differences, { seed, numFlips, signal });
  const pValues = correctedPValues(pairs.map((_, k) => tests?.[k]));
  const differenceOf = (k: number) => estimates[k] as Estimate;
  const startPolicy = first.finetuning.start;
  const ways = names.map((name, way): ComparedWay => {
    const own = outcomes[way] as number[];
    const accuracy = { value: meanOf(own), ...shareBounds({ sums: own }, defaultBootstrap.level) };
    const some = groups.get(name);
    if (way === 0 || !some) {
      const [value, gain] = [accuracy.value, { value: 0, low: 0, high: 0 }];
      return {
        name,
        seeds: [],
        accuracy,
        range: [value, value],
        gain,
        meanTokens: startPolicy.meanTokens,
        divergence: 0,
      };
    }
    const policies = some.map((run) => policyAt(run, roundIndex));
    const accuracies = policies.map(({ accuracy: one }) => one.value ?? 0);
    const divergences = policies.flatMap(({ divergence }) => (divergence.value === null ? [] : divergence.value));
    return {
      name,
      seeds: some.map(({ finetuning }) => finetuning.seed),
      accuracy,
      range: [Math.min(...accuracies), Math.max(...accuracies)],
      gain: differenceOf(pairs.findIndex(([j, i]) => j === way && i === 0)),
      meanTokens: meanOf(policies.map(({ meanTokens }) => meanTokens)),
      divergence: divergences.length === policies.length ? meanOf(divergences) : null,
    };
  });
  return {
    ...{ n, numRounds, numSolutions, roundIndex, ways },
    differences: pairs.map(([j, i], k) => ({
      first: names[j] as string,
      second: names[i] as string,
      difference: differenceOf(k),
      ...(pValues[k] as CorrectedPValue),
    })),
  };
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function outcomesOf(runs: readonly FinetuningRun[], roundIndex: number, problemIds: readonly string[]): number[] {
  return problemIds.map((id) => meanOf(runs.map(({ outcomes }) => outcomes[roundIndex]?.get(id) as number)));
}

function policyAt({ directory, finetuning }: FinetuningRun, roundIndex: number) {
  const round = finetuning.rounds.find((one) => one.roundIndex === roundIndex);
  if (round) return round.policy;
  throw new ErprmError("ERPRM_INVALID_DATA", `Expected a round ${roundIndex} in ${directory}, found none`, {
    path: directory,
  });
}

function expectComparable(first: FinetuningRun, other: FinetuningRun): void {
  const fail = (what: string) => {
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected fine-tunings with the same ${what}, received others in ${first.directory} and ${other.directory}`,
      { field: what, path: other.directory },
    );
  };
  const [a, b] = [first.finetuning, other.finetuning];
  if (a.policyModel.fingerprint !== b.policyModel.fingerprint) fail("starting policy");
  if (a.numRounds !== b.numRounds || a.numSolutions !== b.numSolutions) fail("rounds and solutions a problem");
  for (const [at, outcomes] of other.outcomes.entries()) {
    const expected = first.outcomes[at];
    const isSame = expected?.size === outcomes.size && [...outcomes.keys()].every((id) => expected.has(id));
    if (!isSame) fail("held-out problems");
  }
}

/** @throws ERPRM_INVALID_DATA for runs whose mean would mean nothing */
function expectOneWay(name: string, runs: readonly FinetuningRun[]): void {
  const [first] = runs as [FinetuningRun];
  const bySeed = new Map<number, string>();
  for (const { directory, finetuning, identity } of runs) {
    const { seed } = finetuning;
    const other = bySeed.get(seed);
    if (other !== undefined) {
      throw new ErprmError(
        "ERPRM_INVALID_DATA",
        `Expected each run of "${name}" to have a seed of its own, received seed ${seed} in ${other} and in ${directory}`,
        { field: "seed", path: directory },
      );
    }
    bySeed.set(seed, directory);
    const found = identityDifferences(first.identity, identity);
    if (found.length === 0) continue;
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected the runs of "${name}" to differ in their seeds and reward models alone; between ${first.directory} and ${directory}: ${found.join("; ")}`,
      { field: name, path: directory },
    );
  }
}
