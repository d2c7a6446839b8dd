/**
 * The error of labels for the rollouts they cost: fixed numbers of completions, adaptive ones and the first-error search,
 * against a reference with many completions and a seed of its own, on problems of our own: what docs/results.md shows.
 * One long measurement is replayed for every allocation (allocation/replay.mjs); some are run as well, and must agree.
 * Every part is a run directory: the same command goes on after an interruption.
 *
 *   node scripts/compare-allocation.mjs --out DIR [--model builtin:tiny] [--difficulty default] [--num-problems 60]
 *     [--num-solutions 2] [--reference 256] [--pool 128] [--resamples 2000]
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "../dist/src/statistics/bootstrap.js";
import {
  errorSums,
  estimators,
  fittedPrior,
  fixedEquivalent,
  pooled,
  rateBins,
  slopeOf,
} from "./allocation/errors.mjs";
import { expectSameCounts, pooledSolutions, replay } from "./allocation/replay.mjs";
import { searchRows } from "./allocation/search.mjs";
import { erprm } from "./erprm.mjs";

const option = (fallback) => ({ type: "string", default: fallback });
const { values } = parseArgs({
  options: {
    out: { type: "string" },
    model: option("builtin:tiny"),
    difficulty: option("default"),
    "num-problems": option("60"),
    "num-solutions": option("2"),
    reference: option("256"),
    pool: option("128"),
    resamples: option("2000"),
  },
});
if (!values.out) throw new Error("Expected --out to be given: a directory for the runs");
mkdirSync(values.out, { recursive: true });
const inOut = (name) => join(values.out, name);

if (!existsSync(inOut("problems.jsonl"))) {
  const which = ["--split", "test", "--difficulty", values.difficulty, "--num", values["num-problems"], "--seed", "11"];
  await erprm("problems", ...which, "--out", inOut("problems.jsonl"));
}
const policy = ["--policy", values.model, "--quiet"];
const problemOptions = ["--problems", inOut("problems.jsonl"), "--num-solutions", values["num-solutions"]];
await erprm("rollout", ...policy, ...problemOptions, "--max-tokens", "256", "--out", inOut("rollout"));
const label = (name, seed, ...options) => {
  const input = ["--solutions", inOut("rollout/solutions.jsonl"), "--completion-max-tokens", "256", "--seed", seed];
  return erprm("label", ...policy, ...input, "--out", inOut(name), ...options);
};
await label("pool", "2", "--num-completions", values.pool, "--keep-completions");
await label("reference", "1", "--num-completions", values.reference);
await label("adaptive", "2", "--tolerance", "0.15");
await label("gain", "2", "--gain", "0.001", "--adaptive-label", "er:5");
await label("search", "2", "--first-error", "--num-completions", "16");
await label("early", "2", "--first-error", "--num-completions", "16", "--min-completions", "4");

const adaptive = (on, tolerance) => ({
  on,
  name: `${on} ± ${tolerance}`,
  allocation: { kind: "adaptive", label: on, tolerance, minCompletions: 4, maxCompletions: 64 },
});
const byGain = (on, gain) => ({
  on,
  name: `gain ${gain}`,
  allocation: { kind: "gain", label: on, gain, minCompletions: 4, maxCompletions: 64 },
});
const fixed = [2, 4, 8, 16, 32, 64].map((numCompletions) => ({
  name: `fixed ${numCompletions}`,
  allocation: { kind: "fixed", numCompletions },
}));
const labels = ["soft", "er:2", "er:5"];
const adaptiveRows = (on) => [
  ...[0.3, 0.2, 0.15, 0.1].map((tolerance) => adaptive(on, tolerance)),
  ...[0.003, 0.001, 0.0003, 0.0001].map((gain) => byGain(on, gain)),
];
const rows = [...fixed.slice(1), ...labels.flatMap(adaptiveRows)];
const rowsFor = (of) => rows.filter(({ on }) => on === undefined || on === of);

const solutions = pooledSolutions(inOut("pool"), inOut("reference"));
for (const [name, allocation] of [
  ["adaptive", adaptive("soft", 0.15).allocation],
  ["gain", byGain("er:5", 0.001).allocation],
  ["search", { kind: "first-error", numCompletions: 16 }],
  ["early", { kind: "first-error", numCompletions: 16, minCompletions: 4 }],
]) {
  console.log(
    `${name}: ${expectSameCounts(inOut(name), allocation, solutions)} solutions run, counts as in the replay`,
  );
}
const offsets = Array.from({ length: 8 }, (_, i) => (i * Number(values.pool)) / 8);
const prefixes = solutions.flatMap(({ reference }) => reference);
const rates = prefixes.map(({ numCompletions, numCorrect }) => numCorrect / numCompletions);
const inBin = rateBins.map((_, bin) => rates.filter((p) => rateBins.findIndex((bound) => p <= bound) === bin).length);
console.log(
  `${solutions.length} solutions, ${solutions.filter(({ outcome }) => outcome === 1).length} right, ${prefixes.length} prefixes`,
);
console.log(`prefixes with a rate up to ${rateBins.slice(0, -1).join(", ")}, 1: ${inBin.join(", ")}`);
const mean = (all) => all.reduce((sum, one) => sum + one, 0) / all.length;
for (const of of labels) {
  const deviations = rates.map((p) => slopeOf(of, p) * Math.sqrt(p * (1 - p)));
  const saving = mean(deviations.map((one) => one ** 2)) / mean(deviations) ** 2;
  console.log(`${of}: with the rates known beforehand, allocation alone would save ${saving.toFixed(2)} times`);
}

const sumsOf = (allocation, estimator, binLabel = "soft") =>
  errorSums(allocation, estimator, solutions, { labels, binLabel, offsets });
const curves = fixed.map(({ allocation }) => sumsOf(allocation, "plug-in"));
const numProblems = curves[0].length;
const intervals = (statistics) =>
  bootstrap(numProblems, statistics, { seed: 0, numResamples: Number(values.resamples) });
const shown = ({ value, low, high }, digits) =>
  value === null ? "none" : `${value.toFixed(digits)} (${low?.toFixed(digits)} to ${high?.toFixed(digits)})`;

for (const of of labels) {
  console.log(`\n${of}\n\n| allocation | estimator | rollouts a prefix | root mean squared error | saving | bias |`);
  console.log("|---|---|---|---|---|---|");
  for (const { name, allocation } of rowsFor(of)) {
    for (const estimator of estimators) {
      const sums = sumsOf(allocation, estimator);
      const [rollouts, error, saving, bias] = await intervals((times) => {
        const now = pooled(sums, times);
        const points = curves.map((curve, i) => [
          fixed[i].allocation.numCompletions,
          pooled(curve, times).meanSquared(of),
        ]);
        const equivalent = fixedEquivalent(points, now.meanSquared(of));
        return [now.rollouts, Math.sqrt(now.meanSquared(of)), equivalent / now.rollouts, now.bias(of)];
      });
      const cells = [rollouts.value.toFixed(1), shown(error, 4), shown(saving, 2), shown(bias, 4)];
      console.log(`| ${name} | ${estimator} | ${cells.join(" | ")} |`);
    }
  }
}

for (const of of labels) {
  console.log(`\n${of}: root mean squared error, bias of the plug-in label by the reference's rate\n`);
  console.log(
    `| allocation | rollouts a prefix | ${rateBins.map((bound) => `up to ${Math.min(bound, 1)}`).join(" | ")} |`,
  );
  console.log(`|---|---|${rateBins.map(() => "---|").join("")}`);
  const once = new Float64Array(numProblems).fill(1);
  for (const { name, allocation } of rowsFor(of)) {
    const now = pooled(sumsOf(allocation, "plug-in", of), once);
    const cells = rateBins.map(
      (_, bin) => `${Math.sqrt(Math.max(0, now.binMeanSquared(bin))).toFixed(3)}, ${now.binBias(bin).toFixed(3)}`,
    );
    console.log(`| ${name} | ${now.rollouts.toFixed(1)} | ${cells.join(" | ")} |`);
  }
}

const [a, b] = fittedPrior(solutions.map((solution) => replay({ kind: "fixed", numCompletions: 16 }, solution)));
console.log(`\nthe prior fitted to 16 completions of each prefix: ${a.toFixed(3)}, ${b.toFixed(3)}`);

console.log("\nFirst errors of the wrong solutions, and hard labels\n");
for (const line of await searchRows(solutions, { offsets, intervals, shown })) console.log(line);
