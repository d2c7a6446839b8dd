/** The definitions, spelled out: every N-subset of a small pool, and what is chosen from it, each tie resolved at random. */
import { randomStream } from "../../../src/statistics/random.js";

/** One problem's candidates as plainly as can be; `group` -1: no answer. */
export interface Plain {
  outcome: 0 | 1;
  group: number;
  score: number;
}

export function subsets<T>(all: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  if (size > all.length) return [];
  return all.flatMap((first, i) => subsets(all.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const meanOutcome = (members: readonly Plain[]) => mean(members.map(({ outcome }) => outcome));

/** Expected outcome of the answer with the largest weight. */
function vote(subset: readonly Plain[], weightOf: (one: Plain) => number): number {
  const groups = [...new Set(subset.map(({ group }) => group))].filter((group) => group >= 0);
  if (groups.length === 0) return 0;
  const members = groups.map((group) => subset.filter((one) => one.group === group));
  const weights = members.map((own) => own.reduce((sum, one) => sum + weightOf(one), 0));
  const most = Math.max(...weights);
  return mean(members.filter((_, i) => (weights[i] as number) > most - 1e-9).map(meanOutcome));
}

export const choose = {
  "pass@1": meanOutcome,
  majority: (subset: readonly Plain[]) => vote(subset, () => 1),
  "best-of-n": (subset: readonly Plain[]) => {
    const highest = Math.max(...subset.map(({ score }) => score));
    return meanOutcome(subset.filter(({ score }) => score === highest));
  },
  "weighted-vote": (subset: readonly Plain[]) => vote(subset, ({ score }) => score),
  "pass@n": (subset: readonly Plain[]) => Math.max(...subset.map(({ outcome }) => outcome)),
};
export type Rule = keyof typeof choose;

export function expectation(rule: Rule, all: readonly Plain[], size: number): number {
  return mean(subsets(all, size).map(choose[rule]));
}

/**
 * A pool with many ties: few scores, few answers. Mostly an answer is right or wrong as a whole, in one pool of four its
 * candidates differ (a grader that is no equivalence).
 */
export function randomPool(seed: number, numCandidates: number): Plain[] {
  const draw = randomStream(seed, "pool");
  const isMixed = draw(4) === 0;
  const right = draw(3);
  return Array.from({ length: numCandidates }, () => {
    const group = draw(4) - 1;
    const isRight = isMixed ? draw(2) === 1 : group === right;
    return { group, outcome: isRight ? 1 : 0, score: draw(4) / 4 };
  });
}
