/**
 * Means over groups of values that belong to problems, with their intervals by the bootstrap over problems. A problem is drawn with
 * all its values, in whatever groups they are.
 */
import { type BootstrapOptions, bootstrap, defaultBootstrap, type Estimate } from "../statistics/bootstrap.js";
import { shareBounds, widened } from "../statistics/share-interval.js";

/** Arrays of one length. */
export interface ValueGroup {
  values: ArrayLike<number>;
  /** Of each value: 0 .. the number of problems - 1. */
  problems: ArrayLike<number>;
  /** The values are outcomes or success rates, in [0, 1]: their interval is that of a share. */
  isShare: boolean;
}

/** One estimate a group; without bounds where its values are of fewer than two problems. @throws as `bootstrap` */
export async function groupMeans(
  groups: readonly ValueGroup[],
  numProblems: number,
  options: BootstrapOptions,
): Promise<Estimate[]> {
  const { level = defaultBootstrap.level } = options;
  const tallies = groups.map(({ values, problems }) => {
    const [sums, counts] = [new Float64Array(numProblems), new Float64Array(numProblems)];
    for (let i = 0; i < values.length; i++) {
      const problem = problems[i] as number;
      sums[problem] = (sums[problem] as number) + (values[i] as number);
      counts[problem] = (counts[problem] as number) + 1;
    }
    return { sums, counts };
  });
  const means = new Float64Array(groups.length);
  const statistics = (times: Float64Array) => {
    for (const [g, { sums, counts }] of tallies.entries()) {
      let sum = 0;
      let count = 0;
      for (let i = 0; i < numProblems; i++) {
        sum += (times[i] as number) * (sums[i] as number);
        count += (times[i] as number) * (counts[i] as number);
      }
      means[g] = sum / count;
    }
    return means;
  };
  const estimates = await bootstrap(numProblems, statistics, options);
  return estimates.map((estimate, g) => {
    const tally = tallies[g] as (typeof tallies)[number];
    if (tally.counts.filter((count) => count > 0).length < 2) return { ...estimate, low: null, high: null };
    return groups[g]?.isShare ? widened(estimate, shareBounds(tally, level)) : estimate;
  });
}

/** The bounds alone, for figures that stand beside them. */
export function boundsOf(estimate: Estimate | undefined): { low: number | null; high: number | null } {
  return { low: estimate?.low ?? null, high: estimate?.high ?? null };
}
