/**
 * What the reward models of each target are worth, their seeds taken together: the accuracy of a target on a problem is its
 * mean over seeds, so intervals and tests over problems are those of a model of that target with any of these seeds. How much
 * seeds differ stands beside it.
 */
import { join } from "node:path";
import { readGraded, readPlacedScores } from "../../dist/src/data/read-graded.js";
import { meansOverProblems } from "../../dist/src/evaluation/accuracy.js";
import { methodAccuracies } from "../../dist/src/evaluation/methods.js";
import { Grader } from "../../dist/src/grading/grader.js";
import { byKey, matchScores, poolOf } from "../../dist/src/stages/evaluation-pool.js";
import { holm } from "../../dist/src/statistics/holm.js";
import { signFlipTests } from "../../dist/src/statistics/sign-flips.js";
import { modelName } from "./study.mjs";
import { percent, shown } from "./tables.mjs";

const numResamples = 10_000;
const seedOfDraws = 0;

/** Accuracies of every model on every problem at every N. */
async function accuraciesOf(out, { targets, seeds, aggregates }) {
  const solutions = await byKey(readGraded(join(out, "candidates", "solutions.jsonl")));
  const models = [];
  for (const name of targets.flatMap((target) => seeds.map((seed) => modelName(target, seed)))) {
    const scores = readPlacedScores(join(out, "scores", name, "scores.jsonl"));
    models.push({ name, stepScores: await matchScores(name, solutions, scores) });
  }
  const grader = new Grader();
  try {
    const pool = await poolOf(solutions, models, { grader });
    return await methodAccuracies(pool, { aggregates: models.map(() => aggregates), seed: seedOfDraws });
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

/**
 * Which differences are asked for: every ER target with the other labels, the outcome model and majority. The outcome model
 * was trained at the last step, so that is the score it is compared by.
 */
function pairsOf(ways, { targets, aggregates: [first] }) {
  const best = (target) => {
    const aggregate = target === "orm" ? "last" : first;
    return ways.find((way) => way.rule === "best-of-n" && way.aggregate === aggregate && way.target === target);
  };
  const majority = ways.find(({ rule }) => rule === "majority");
  const others = ["hard", "soft", "orm"].map(best).filter(Boolean);
  const regularized = targets.filter((target) => target.startsWith("er:")).map(best);
  return [
    ...regularized.flatMap((way) => [...others, majority].map((second) => [way, second])),
    ...others.map((way) => [way, majority]),
  ];
}

const nameOf = ({ rule, target, aggregate }) => (target ? `${rule} ${target} ${aggregate}` : rule);

export async function bestOfN(out, settings) {
  const atNs = await accuraciesOf(out, settings);
  const drawing = { seed: seedOfDraws, numResamples };
  const points = [];
  for (const at of atNs) {
    const { numCandidates, problemIds } = at;
    const ways = waysAt(at, settings);
    const samples = ways.map(({ accuracies }) => accuracies);
    const estimates = await meansOverProblems(samples, problemIds.length, drawing);
    for (const [i, { accuracies, ofSeeds, ...way }] of ways.entries()) {
      const betweenSeeds = ofSeeds && ofSeeds.length > 1 ? deviation(ofSeeds) : null;
      const numProblems = accuracies.length;
      points.push({ ...way, numCandidates, numProblems, accuracy: estimates[i], ofSeeds, betweenSeeds });
    }
  }
  const last = atNs.at(-1);
  const ways = waysAt(last, settings);
  const pairs = pairsOf(ways, settings);
  const differences = pairs.map(([a, b]) => a.accuracies.map((value, i) => value - b.accuracies[i]));
  const estimates = await meansOverProblems(differences, last.problemIds.length, drawing);
  const pValues = (await signFlipTests(differences, { seed: seedOfDraws })).map(({ pValue }) => pValue);
  const corrected = holm(pValues);
  const comparisons = pairs.map(([first, second], i) => ({
    ...{ first: nameOf(first), second: nameOf(second), numCandidates: last.numCandidates },
    ...{ numProblems: last.problemIds.length, difference: estimates[i], pValue: pValues[i] },
    correctedPValue: corrected[i],
  }));
  return { points, comparisons };
}

export function bestOfNTables({ points, comparisons }) {
  const ns = [...new Set(points.map(({ numCandidates }) => numCandidates))];
  const rows = [...new Set(points.map(nameOf))].map((name) => {
    const own = points.filter((point) => nameOf(point) === name);
    const { betweenSeeds } = own.at(-1);
    const cells = ns.map((n) => shown(own.find(({ numCandidates }) => numCandidates === n).accuracy));
    return `| ${[name, ...cells, betweenSeeds === null ? "" : percent(betweenSeeds)].join(" | ")} |`;
  });
  const differences = comparisons.map(({ first, second, difference, pValue, correctedPValue }) => {
    return `| ${first} | ${second} | ${shown(difference)} | ${pValue.toPrecision(2)} | ${correctedPValue.toPrecision(2)} |`;
  });
  return [
    `| accuracy in % | ${ns.map((n) => `N = ${n}`).join(" | ")} | between seeds |`,
    `|---|${ns.map(() => "---|").join("")}---|`,
    ...rows,
    "",
    `| at N = ${ns.at(-1)} | against | difference in points | p | corrected |`,
    "|---|---|---|---|---|",
    ...differences,
  ].join("\n");
}
