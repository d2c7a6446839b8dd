/** The differences between ways to choose, paired by problem. */
import { meansOverProblems } from "../../dist/src/evaluation/accuracy.js";
import { correctedPValues } from "../../dist/src/statistics/corrected-p-values.js";
import { signFlipTests } from "../../dist/src/statistics/sign-flips.js";
import { aggregateOf, nameOf, waysAt } from "./ways.mjs";

/** Which differences are asked for of a rule: every ER target with the other labels, the outcome model, majority and pass@1. */
export function pairsOf(ways, rule, settings) {
  const by = (target) =>
    ways.find((way) => way.rule === rule && way.aggregate === aggregateOf(target, settings) && way.target === target);
  const alone = ["majority", "pass@1"].map((name) => ways.find((way) => way.rule === name));
  const others = ["hard", "soft", "orm"].filter((target) => settings.targets.includes(target)).map(by);
  const regularized = settings.targets.filter((target) => target.startsWith("er:")).map(by);
  return [
    ...regularized.flatMap((way) => [...others, ...alone].map((second) => [way, second])),
    ...others.flatMap((way) => alone.map((second) => [way, second])),
  ];
}

/**
 * Holm's correction is over the comparisons of one rule at one N: as many as `numTests`, which grow with the targets that are
 * named.
 */
export async function compare(at, rule, settings, { seed, numResamples, numFlips }) {
  const { numCandidates, problemIds } = at;
  const pairs = pairsOf(waysAt(at, settings), rule, settings);
  const differences = pairs.map(([a, b]) => a.accuracies.map((value, i) => value - b.accuracies[i]));
  const estimates = await meansOverProblems(differences, problemIds.length, { seed, numResamples });
  const pValues = correctedPValues(await signFlipTests(differences, { seed, numFlips }));
  return pairs.map(([first, second], i) => ({
    ...{ rule, numCandidates, numProblems: problemIds.length, numTests: pairs.length },
    ...{ first: nameOf(first), second: nameOf(second), difference: estimates[i], ...pValues[i] },
  }));
}
