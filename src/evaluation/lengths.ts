/**
 * How solution scores depend on the number of steps: Spearman's rank correlation over the candidates of all problems, over
 * the right and over the wrong ones, and mean score and accuracy in groups of candidates of about the same number of steps.
 */
import { expectPositiveInteger, failArgument } from "../check.js";
import { type BootstrapOptions, bootstrap, type Estimate } from "../statistics/bootstrap.js";
import { rankCorrelationOf, type WeightedCorrelation } from "../statistics/rank-correlation.js";
import type { Aggregate } from "../types.js";
import type { LengthGroup, LengthResult } from "./evaluation.js";
import { boundsOf, groupMeans } from "./group-means.js";
import type { CandidatePool } from "./pool.js";

export interface LengthOptions extends BootstrapOptions {
  /** One of the pool's models. */
  model: string;
  aggregate: Aggregate;
  /** Most groups, default 8. */
  numGroups?: number | undefined;
}

interface Row {
  problem: number;
  numSteps: number;
  score: number;
  outcome: number;
}

/** @throws ERPRM_INVALID_ARGUMENT for a model the pool does not have and options out of range; ERPRM_ABORTED */
export async function lengthResult(
  { models, problems }: CandidatePool,
  { model, aggregate, numGroups = 8, ...options }: LengthOptions,
): Promise<LengthResult> {
  expectPositiveInteger("the number of groups", numGroups);
  const m = models.indexOf(model);
  if (m < 0) failArgument("the model", `one of ${models.join(", ")}`, model);
  const rows = problems.flatMap(({ candidates }, problem) =>
    candidates.map(({ numSteps, outcome, scores }): Row => {
      return { problem, numSteps, outcome, score: scores[m]?.[aggregate] as number };
    }),
  );
  const correlations = [
    correlationOf(rows),
    correlationOf(rows.filter(({ outcome }) => outcome === 1)),
    correlationOf(rows.filter(({ outcome }) => outcome === 0)),
  ];
  const estimates = await bootstrap(problems.length, (times) => correlations.map((one) => one(times)), options);
  const [correlation, correlationRight, correlationWrong] = estimates as [Estimate, Estimate, Estimate];
  const groups = await lengthGroups(rows, numGroups, problems.length, { ...options, onProgress: undefined });
  return { model, aggregate, n: rows.length, correlation, correlationRight, correlationWrong, groups };
}

/** As a function of how often each problem is drawn. */
function correlationOf(rows: readonly Row[]): WeightedCorrelation {
  return rankCorrelationOf(
    rows.map(({ score }) => score),
    rows.map(({ numSteps }) => numSteps),
    rows.map(({ problem }) => problem),
  );
}

/** At most `numGroups`, ascending, about equally large; one number of steps is never in two groups. */
async function lengthGroups(
  rows: readonly Row[],
  numGroups: number,
  numProblems: number,
  options: BootstrapOptions,
): Promise<LengthGroup[]> {
  const sorted = [...rows].sort((a, b) => a.numSteps - b.numSteps);
  const groups: Row[][] = [];
  let start = 0;
  for (let end = 1; end <= sorted.length; end++) {
    const isLast = end === sorted.length;
    if (!isLast && sorted[end]?.numSteps === sorted[end - 1]?.numSteps) continue;
    if (!isLast && end * numGroups < sorted.length * (groups.length + 1)) continue;
    groups.push(sorted.slice(start, end));
    start = end;
  }
  const means = await groupMeans(
    groups.flatMap((members) => {
      const places = members.map(({ problem }) => problem);
      return [
        { values: members.map(({ score }) => score), problems: places, isShare: false },
        { values: members.map(({ outcome }) => outcome), problems: places, isShare: true },
      ];
    }),
    numProblems,
    options,
  );
  return groups.map((members, g) => {
    const [score, accuracy] = means.slice(2 * g, 2 * g + 2) as [Estimate, Estimate];
    return {
      ...{ from: (members[0] as Row).numSteps, to: (members[members.length - 1] as Row).numSteps, n: members.length },
      ...{ meanScore: score.value as number, accuracy: accuracy.value as number },
      ...{ meanScoreInterval: boundsOf(score), accuracyInterval: boundsOf(accuracy) },
    };
  });
}
