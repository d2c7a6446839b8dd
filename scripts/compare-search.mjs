/**
 * Beam search and diverse verifier trees against best-of-N and the majority vote, at the same tokens on every problem.
 * A search of N beams runs to its end; the tokens that it used on a problem are the budget of the
 * others there, which answer from one pool of solutions of that problem. Intervals are from resampled problems, p-values
 * from sign flips of the problems' differences, Holm-corrected over the table. Several seeds are averaged on each problem.
 * Every part is a run directory: the same command goes on after an interruption.
 *
 *   node scripts/compare-search.mjs --out DIR --reward-model DIR [--policy builtin:tiny] [--problems FILE]
 *     [--difficulty default] [--num-problems 60] [--beams 4,8,16,32] [--width 4] [--seeds 0] [--aggregate last]
 *     [-- options of erprm search]
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readSolutions } from "../dist/src/data/read-solutions.js";
import { Grader } from "../dist/src/grading/grader.js";
import { readSearches } from "../dist/src/search/search-record.js";
import { answerGroups } from "../dist/src/stages/answer-groups.js";
import { bootstrap } from "../dist/src/statistics/bootstrap.js";
import { correctedPValues } from "../dist/src/statistics/corrected-p-values.js";
import { shareBounds, widened } from "../dist/src/statistics/share-interval.js";
import { signFlipTests } from "../dist/src/statistics/sign-flips.js";
import { erprm } from "./erprm.mjs";
import { level, numFlips, pText, shown } from "./reproduce/tables.mjs";
import { bestOutcome, heldBy, majorityOutcome, meanOutcome } from "./search/at-budget.mjs";

const option = (fallback) => ({ type: "string", default: fallback });
const { values, positionals } = parseArgs({
  options: {
    out: { type: "string" },
    "reward-model": { type: "string" },
    policy: option("builtin:tiny"),
    problems: { type: "string" },
    difficulty: option("default"),
    "num-problems": option("60"),
    beams: option("4,8,16,32"),
    width: option("4"),
    seeds: option("0"),
    aggregate: option("last"),
  },
  allowPositionals: true,
});
for (const name of ["out", "reward-model"]) if (!values[name]) throw new Error(`Expected --${name} to be given`);
mkdirSync(values.out, { recursive: true });

const problems = values.problems ?? join(values.out, "problems.jsonl");
if (!existsSync(problems)) {
  const which = ["--split", "test", "--difficulty", values.difficulty, "--num", values["num-problems"], "--seed", "11"];
  await erprm("problems", ...which, "--out", problems);
}
const seeds = values.seeds.split(",");
const numbersOfBeams = values.beams.split(",");

/** One run; its records by problem. */
async function search(name, seed, ...options) {
  const out = join(values.out, `${name}-${seed}`);
  const models = ["--policy", values.policy, "--reward-model", values["reward-model"], "--problems", problems];
  const common = ["--seed", seed, "--aggregate", values.aggregate, "--quiet", "--out", out];
  const summary = await erprm("search", ...models, ...common, ...options, ...positionals);
  const records = [];
  for await (const record of readSearches(join(out, "search.jsonl"))) records.push(record);
  let next = 0;
  for await (const { outcome } of readSolutions(join(out, "solutions.jsonl"))) records[next++].outcome = outcome;
  return { records, summary };
}

const runs = [];
for (const seed of seeds) {
  for (const beams of numbersOfBeams) {
    for (const algorithm of ["beam", "dvts"]) {
      const sizes = ["--algorithm", algorithm, "--beams", beams, "--width", values.width];
      runs.push({ seed, beams, algorithm, ...(await search(`${algorithm}-${beams}`, seed, ...sizes)) });
    }
  }
}
const pools = new Map();
const grader = new Grader();
for (const seed of seeds) {
  const used = runs.filter((run) => run.seed === seed).flatMap(({ records }) => records.map(({ tokens }) => tokens));
  const budget = String(Math.max(...used));
  const { records } = await search("pool", seed, "--algorithm", "best-of-n", "--budget-tokens", budget);
  for (const { solutions } of records) {
    for (const [i, group] of (await answerGroups(solutions, grader)).entries()) solutions[i].answerGroup = group;
  }
  pools.set(seed, records);
}
await grader.dispose();

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** For each problem the mean over the seeds of what `of` says of (record, solutions of the pool at its tokens). */
function byProblem(ofSeeds, of) {
  return ofSeeds[0].records.map((_, i) =>
    mean(ofSeeds.map(({ seed, records }) => of(records[i], heldBy(pools.get(seed)[i].solutions, records[i].tokens)))),
  );
}

const rows = [];
for (const beams of numbersOfBeams) {
  for (const algorithm of ["beam", "dvts"]) {
    const ofSeeds = runs.filter((run) => run.beams === beams && run.algorithm === algorithm);
    const methods = {
      [algorithm]: ({ outcome }) => outcome,
      [`best-of-n ${values.aggregate}`]: (_, held) => bestOutcome(held, values.aggregate),
      "best-of-n min": (_, held) => bestOutcome(held, "min"),
      majority: (_, held) => majorityOutcome(held),
      "pass@1": (_, held) => meanOutcome(held),
    };
    const tokens = mean(byProblem(ofSeeds, (record) => record.tokens));
    const numSolutions = mean(byProblem(ofSeeds, (_, held) => held.length));
    const own = byProblem(ofSeeds, methods[algorithm]);
    for (const [method, of] of Object.entries(methods)) {
      const accuracies = byProblem(ofSeeds, of);
      const differences = own.map((value, i) => value - accuracies[i]);
      rows.push({ beams: Number(beams), algorithm, method, tokens, numSolutions, accuracies, differences });
    }
  }
}

const compared = rows.filter(({ algorithm, method }) => method !== algorithm);
const tests = await signFlipTests(
  compared.map(({ differences }) => differences),
  { seed: 0, numFlips },
);
const pValues = correctedPValues(tests);
for (const [i, row] of compared.entries()) Object.assign(row, pValues[i]);
const statistics = (times) =>
  rows.flatMap(({ accuracies, differences }) => [accuracies, differences].map((of) => weighted(of, times)));
function weighted(numbers, times) {
  return numbers.reduce((sum, one, i) => sum + times[i] * one, 0) / times.reduce((sum, one) => sum + one, 0);
}
const estimates = await bootstrap(rows[0].accuracies.length, statistics, { seed: 0, level });

console.log(
  `${rows[0].accuracies.length} problems, ${seeds.length} seeds; width ${values.width}, ranked by ${values.aggregate}\n`,
);
console.log("| N | method | tokens a problem | solutions | accuracy, % | search minus method, % | p | corrected |");
console.log("|---|---|---|---|---|---|---|---|");
for (const [i, row] of rows.entries()) {
  const { beams, algorithm, method, tokens, numSolutions, ...p } = row;
  // As every share's: never narrower than Wilson's.
  const accuracy = widened(estimates[2 * i], shareBounds({ sums: row.accuracies }, level));
  Object.assign(row, { accuracy, difference: estimates[2 * i + 1] });
  const isOwn = method === algorithm;
  const cells = isOwn
    ? [tokens.toFixed(0), "", shown(row.accuracy), "", "", ""]
    : [
        "the same",
        numSolutions.toFixed(1),
        shown(row.accuracy),
        shown(row.difference),
        pText(p.pValue, p.pValueIsFloor),
        pText(p.correctedPValue, p.correctedPValueIsFloor),
      ];
  console.log(`| ${[beams, isOwn ? `**${method}**` : method, ...cells].join(" | ")} |`);
}
const shares = runs.map(({ seed, beams, algorithm, summary: { counts, timings } }) => ({
  ...{ seed, beams, algorithm, timings },
  ...Object.fromEntries(
    ["sampledTokens", "promptTokensComputed", "unsharedTokens", "scoredTokens"].map((name) => [name, counts[name]]),
  ),
}));
console.log(JSON.stringify({ rows: rows.map(({ accuracies: _, differences: __, ...row }) => row), runs: shares }));
