/**
 * What the reward models of each target are worth, their seeds taken together (ways.mjs). How much seeds differ stands beside it.
 */
import { join } from "node:path";
import { readGraded, readPlacedScores } from "../../dist/src/data/read-graded.js";
import { meansOverProblems } from "../../dist/src/evaluation/accuracy.js";
import { areasWithinProblems } from "../../dist/src/evaluation/discrimination.js";
import { methodAccuracies } from "../../dist/src/evaluation/methods.js";
import { Grader } from "../../dist/src/grading/grader.js";
import { byKey, matchScores, poolOf } from "../../dist/src/stages/evaluation-pool.js";
import { shareBounds, widened } from "../../dist/src/statistics/share-interval.js";
import { compare } from "./comparisons.mjs";
import { modelName } from "./study.mjs";
import { level, numFlips, numResamples, percent, pText, seedOfDraws, shown, table } from "./tables.mjs";
import { aggregateOf, deviation, mean, nameOf, waysAt } from "./ways.mjs";

const drawing = { seed: seedOfDraws, numResamples, level };

/** The test problems' candidates with the scores of every model. */
async function poolWithScores(out, { targets, seeds }) {
  const solutions = await byKey(readGraded(join(out, "candidates", "solutions.jsonl")));
  const models = [];
  for (const name of targets.flatMap((target) => seeds.map((seed) => modelName(target, seed)))) {
    const scores = readPlacedScores(join(out, "scores", name, "scores.jsonl"));
    models.push({ name, stepScores: await matchScores(name, solutions, scores) });
  }
  const grader = new Grader();
  try {
    return await poolOf(solutions, models, { grader });
  } finally {
    await grader.dispose();
  }
}

/** The means of shares with their intervals, never narrower than Wilson's. */
async function meanShares(samples, numProblems) {
  const estimates = await meansOverProblems(samples, numProblems, drawing);
  return estimates.map((estimate, i) => widened(estimate, shareBounds({ sums: samples[i] }, level)));
}

/** Of every way at every N. */
export async function pointsAt(at, settings) {
  const { numCandidates, problemIds } = at;
  const ways = waysAt(at, settings);
  const samples = ways.map(({ accuracies }) => accuracies);
  const estimates = await meanShares(samples, problemIds.length);
  return ways.map(({ accuracies, ofSeeds, ...way }, i) => ({
    ...{ ...way, numCandidates, numProblems: accuracies.length, accuracy: estimates[i], ofSeeds },
    betweenSeeds: ofSeeds && ofSeeds.length > 1 ? deviation(ofSeeds) : null,
  }));
}

/** How often a right candidate has a higher score than a wrong one of its problem: the mean over the seeds of a target. */
export async function discriminations(pool, settings) {
  const results = [];
  for (const target of settings.targets) {
    const aggregate = aggregateOf(target, settings);
    const ofSeeds = settings.seeds.map((seed) => areasWithinProblems(pool, modelName(target, seed), aggregate));
    const areas = ofSeeds[0].map((_, i) => mean(ofSeeds.map((own) => own[i]))).filter((area) => !Number.isNaN(area));
    const [area] = await meanShares([areas], areas.length);
    const means = ofSeeds.map((own) => mean([...own].filter((one) => !Number.isNaN(one))));
    results.push({ target, aggregate, numProblems: areas.length, area, ofSeeds: means });
  }
  return results;
}

export async function bestOfN(out, settings) {
  const pool = await poolWithScores(out, settings);
  const aggregates = pool.models.map(() => settings.aggregates);
  const atNs = await methodAccuracies(pool, { aggregates, seed: seedOfDraws });
  const points = [];
  for (const at of atNs) points.push(...(await pointsAt(at, settings)));
  const comparisons = [];
  for (const at of atNs.filter(({ numCandidates }) => settings.comparedAt.includes(numCandidates))) {
    for (const rule of ["best-of-n", "weighted-vote"]) {
      comparisons.push(...(await compare(at, rule, settings, { ...drawing, numFlips })));
    }
  }
  return { points, comparisons, discriminations: await discriminations(pool, settings) };
}

export function bestOfNTables({ points, comparisons, discriminations }) {
  const ns = [...new Set(points.map(({ numCandidates }) => numCandidates))];
  const accuracies = [...new Set(points.map(nameOf))].map((name) => {
    const own = points.filter((point) => nameOf(point) === name);
    const { betweenSeeds } = own.at(-1);
    const cells = ns.map((n) => shown(own.find(({ numCandidates }) => numCandidates === n).accuracy));
    return [name, ...cells, betweenSeeds === null ? "" : percent(betweenSeeds)];
  });
  const differences = comparisons.map(({ numCandidates, numTests, first, second, difference, ...p }) => [
    ...[numCandidates, first, second, shown(difference), pText(p.pValue, p.pValueIsFloor)],
    ...[pText(p.correctedPValue, p.correctedPValueIsFloor), numTests],
  ]);
  const areas = discriminations.map(({ target, aggregate, numProblems, area: { value, low, high }, ofSeeds }) => {
    const [centre, from, to] = [value, low, high].map((one) => one.toFixed(3));
    const spread = ofSeeds.length > 1 ? deviation(ofSeeds).toFixed(3) : "";
    return [target, aggregate, numProblems, `${centre} (${from} to ${to})`, spread];
  });
  return [
    table(["accuracy in %", ...ns.map((n) => `N = ${n}`), `between seeds at N = ${ns.at(-1)}`], accuracies),
    table(["N", "method", "against", "difference in points", "p", "corrected", "for tests"], differences),
    table(["target", "aggregate", "problems", "area within problems", "between seeds"], areas),
  ].join("\n\n");
}
