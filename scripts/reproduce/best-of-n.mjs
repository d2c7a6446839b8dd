/**
 * What the reward models of each target are worth, their seeds taken together: the accuracy of a target on a problem is its
 * mean over seeds, so intervals and tests over problems are those of a model of that target with any of these seeds. How much
 * seeds differ stands beside it.
 */
import { join } from "node:path";
import { readGraded, readPlacedScores } from "../../dist/src/data/read-graded.js";
import { meansOverProblems } from "../../dist/src/evaluation/accuracy.js";
import { areasWithinProblems } from "../../dist/src/evaluation/discrimination.js";
import { methodAccuracies } from "../../dist/src/evaluation/methods.js";
import { Grader } from "../../dist/src/grading/grader.js";
import { byKey, matchScores, poolOf } from "../../dist/src/stages/evaluation-pool.js";
import { holm } from "../../dist/src/statistics/holm.js";
import { signFlipTests } from "../../dist/src/statistics/sign-flips.js";
import { modelName } from "./study.mjs";
import { percent, shown } from "./tables.mjs";

const numResamples = 10_000;
const seedOfDraws = 0;

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

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

function deviation(numbers) {
  const centre = mean(numbers);
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - centre) ** 2, 0) / (numbers.length - 1));
}

/** Each way to choose: its accuracy on every problem, the mean over seeds where it has some. */
function waysAt({ methods }, { targets, seeds, aggregates }) {
  const find = (rule, model, aggregate) =>
    methods.find(({ method }) => method.rule === rule && method.model === model && method.aggregate === aggregate);
  const alone = ["pass@1", "majority", "pass@n"].map((rule) => {
    const { accuracies, computation } = find(rule);
    return { rule, computation, accuracies };
  });
  const scored = ["best-of-n", "weighted-vote"].flatMap((rule) =>
    aggregates.flatMap((aggregate) =>
      targets.map((target) => {
        const own = seeds.map((seed) => find(rule, modelName(target, seed), aggregate));
        const accuracies = own[0].accuracies.map((_, i) => mean(own.map((one) => one.accuracies[i])));
        const ofSeeds = own.map((one) => mean([...one.accuracies]));
        return { rule, target, aggregate, computation: own[0].computation, accuracies, ofSeeds };
      }),
    ),
  );
  return [...alone, ...scored];
}

/** The outcome model was trained at the last step, so that is the score it goes by. */
const aggregateOf = (target, { aggregates: [first] }) => (target === "orm" ? "last" : first);

/** Which differences are asked for of a rule: every ER target with the other labels, the outcome model, majority and pass@1. */
function pairsOf(ways, rule, settings) {
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

/** Holm's correction is over the comparisons of one rule at one N. */
async function compare(at, rule, settings) {
  const { numCandidates, problemIds } = at;
  const pairs = pairsOf(waysAt(at, settings), rule, settings);
  const differences = pairs.map(([a, b]) => a.accuracies.map((value, i) => value - b.accuracies[i]));
  const estimates = await meansOverProblems(differences, problemIds.length, { seed: seedOfDraws, numResamples });
  const pValues = (await signFlipTests(differences, { seed: seedOfDraws })).map(({ pValue }) => pValue);
  const corrected = holm(pValues);
  return pairs.map(([first, second], i) => ({
    ...{ rule, numCandidates, numProblems: problemIds.length, first: nameOf(first), second: nameOf(second) },
    ...{ difference: estimates[i], pValue: pValues[i], correctedPValue: corrected[i] },
  }));
}

/** How often a right candidate has a higher score than a wrong one of its problem: the mean over the seeds of a target. */
async function discriminations(pool, settings) {
  const results = [];
  for (const target of settings.targets) {
    const aggregate = aggregateOf(target, settings);
    const ofSeeds = settings.seeds.map((seed) => areasWithinProblems(pool, modelName(target, seed), aggregate));
    const areas = ofSeeds[0].map((_, i) => mean(ofSeeds.map((own) => own[i]))).filter((area) => !Number.isNaN(area));
    const [area] = await meansOverProblems([areas], areas.length, { seed: seedOfDraws, numResamples });
    const means = ofSeeds.map((own) => mean([...own].filter((one) => !Number.isNaN(one))));
    results.push({ target, aggregate, numProblems: areas.length, area, ofSeeds: means });
  }
  return results;
}

const nameOf = ({ rule, target, aggregate }) => (target ? `${rule} ${target} ${aggregate}` : rule);

export async function bestOfN(out, settings) {
  const pool = await poolWithScores(out, settings);
  const aggregates = pool.models.map(() => settings.aggregates);
  const atNs = await methodAccuracies(pool, { aggregates, seed: seedOfDraws });
  const points = [];
  for (const at of atNs) {
    const { numCandidates, problemIds } = at;
    const ways = waysAt(at, settings);
    const samples = ways.map(({ accuracies }) => accuracies);
    const estimates = await meansOverProblems(samples, problemIds.length, { seed: seedOfDraws, numResamples });
    for (const [i, { accuracies, ofSeeds, ...way }] of ways.entries()) {
      const betweenSeeds = ofSeeds && ofSeeds.length > 1 ? deviation(ofSeeds) : null;
      const numProblems = accuracies.length;
      points.push({ ...way, numCandidates, numProblems, accuracy: estimates[i], ofSeeds, betweenSeeds });
    }
  }
  const comparisons = [];
  for (const at of atNs.filter(({ numCandidates }) => settings.comparedAt.includes(numCandidates))) {
    for (const rule of ["best-of-n", "weighted-vote"]) comparisons.push(...(await compare(at, rule, settings)));
  }
  return { points, comparisons, discriminations: await discriminations(pool, settings) };
}

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const spread = (numbers) => (numbers.length > 1 ? deviation(numbers) : undefined);

export function bestOfNTables({ points, comparisons, discriminations }) {
  const ns = [...new Set(points.map(({ numCandidates }) => numCandidates))];
  const accuracies = [...new Set(points.map(nameOf))].map((name) => {
    const own = points.filter((point) => nameOf(point) === name);
    const { betweenSeeds } = own.at(-1);
    const cells = ns.map((n) => shown(own.find(({ numCandidates }) => numCandidates === n).accuracy));
    return [name, ...cells, betweenSeeds === null ? "" : percent(betweenSeeds)];
  });
  const differences = comparisons.map(({ numCandidates, first, second, difference, pValue, correctedPValue }) => {
    return [numCandidates, first, second, shown(difference), pValue.toPrecision(2), correctedPValue.toPrecision(2)];
  });
  const areas = discriminations.map(({ target, aggregate, numProblems, area: { value, low, high }, ofSeeds }) => {
    const [centre, from, to] = [value, low, high].map((one) => one.toFixed(3));
    return [target, aggregate, numProblems, `${centre} (${from} to ${to})`, spread(ofSeeds)?.toFixed(3) ?? ""];
  });
  return [
    table(["accuracy in %", ...ns.map((n) => `N = ${n}`), `between seeds at N = ${ns.at(-1)}`], accuracies),
    table(["N", "method", "against", "difference in points", "p", "corrected"], differences),
    table(["target", "aggregate", "problems", "area within problems", "between seeds"], areas),
  ].join("\n\n");
}
