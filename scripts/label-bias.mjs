/**
 * Bias and root mean squared error of label estimators, and how often the interval that an adaptive rule stops by has the true
 * rate, exact: sums over the binomial distribution of the counts, and over the distribution of when the rule stops. What
 * docs/method.md shows.
 *
 *   node scripts/label-bias.mjs [--completions 4,8,16] [--etas 0,1,2,5,10] [--tolerances 0.2,0.15,0.1]
 */
import { parseArgs } from "node:util";
import { parseLabelName } from "../dist/src/data/label-name.js";
import { labelAt } from "../dist/src/data/label-value.js";
import { jeffreys, labelsFromCounts, standardErrorsFromCounts } from "../dist/src/data/step-labels.js";
import { nextRound } from "../dist/src/labeling/allocation.js";
import { wilson } from "../dist/src/statistics/wilson.js";

const option = (fallback) => ({ type: "string", default: fallback });
const { values } = parseArgs({
  options: { completions: option("4,8,16"), etas: option("0,1,2,5,10"), tolerances: option("0.2,0.15,0.1") },
});
const numbers = (text) => text.split(",").map(Number);
const rates = [0, 1 / 64, 1 / 16, 1 / 4, 1 / 2, 3 / 4, 15 / 16];
const shares = ["0", "1/64", "1/16", "1/4", "1/2", "3/4", "15/16"];
/** Jeffreys' prior, and one for rates that are mostly near 0 or 1. */
const estimators = [
  { name: "plug-in", kind: "plug-in" },
  { name: "Jeffreys", kind: "posterior", prior: jeffreys },
  { name: "(0.2, 0.2)", kind: "posterior", prior: [0.2, 0.2] },
];
const adaptive = (label, tolerance) => ({ kind: "adaptive", label, tolerance, minCompletions: 4, maxCompletions: 64 });
const etaName = (eta) => (eta === 0 ? "soft" : `er:${eta}`);

/** [numCompletions, numCorrect, probability] of all ends of the rule for a prefix with success rate p. */
function endsOf(allocation, p) {
  const ends = [];
  let open = new Map([["0 0", 1]]);
  while (open.size > 0) {
    const next = new Map();
    for (const [key, probability] of open) {
      const [numCompletions, numCorrect] = key.split(" ").map(Number);
      const [more] = nextRound(allocation, [{ numCompletions, numCorrect }], 0);
      if (more === 0) ends.push([numCompletions, numCorrect, probability]);
      for (let k = 0; more > 0 && k <= more; k++) {
        const there = `${numCompletions + more} ${numCorrect + k}`;
        next.set(there, (next.get(there) ?? 0) + probability * binomial(more, k, p));
      }
    }
    open = next;
  }
  return ends.filter(([, , probability]) => probability > 0);
}

function binomial(n, k, p) {
  let value = 1;
  for (let i = 1; i <= k; i++) value *= (n - k + i) / i;
  return value * p ** k * (1 - p) ** (n - k);
}

function measure(allocation, p, label, estimator) {
  const truth = labelAt(parseLabelName(label), p);
  let [bias, squared, reported, rollouts] = [0, 0, 0, 0];
  for (const [all, correct, probability] of endsOf(allocation, p)) {
    const [error] = Object.values(labelsFromCounts(all, correct, [label], estimator)).map((value) => value - truth);
    const [standardError] = Object.values(standardErrorsFromCounts(all, correct, [label], estimator));
    bias += probability * error;
    squared += probability * error ** 2;
    reported += probability * standardError;
    rollouts += probability * all;
  }
  return { truth, bias, root: Math.sqrt(squared), reported, rollouts };
}

const signed = (value) => (Math.abs(value) < 0.0005 ? "0.000" : `${value > 0 ? "+" : ""}${value.toFixed(3)}`);

console.log("Bias, root mean squared error, mean reported standard error\n");
console.log(`| K | label | true p | its label | ${estimators.map(({ name }) => name).join(" | ")} |`);
console.log(`|---|---|---|---|${estimators.map(() => "---|").join("")}`);
for (const eta of numbers(values.etas)) {
  for (const numCompletions of numbers(values.completions)) {
    for (const [i, p] of rates.entries()) {
      const found = estimators.map((one) => measure({ kind: "fixed", numCompletions }, p, etaName(eta), one));
      const cells = found.map(
        ({ bias, root, reported }) => `${signed(bias)}, ${root.toFixed(3)}, ${reported.toFixed(3)}`,
      );
      const row = [numCompletions, etaName(eta), shares[i], found[0].truth.toFixed(3), ...cells];
      console.log(`| ${row.join(" | ")} |`);
    }
  }
}

console.log("\nAdaptive, from 4 to 64 completions: mean number, then bias and root mean squared error\n");
console.log(`| label | tolerance | true p | completions | ${estimators.map(({ name }) => name).join(" | ")} |`);
console.log(`|---|---|---|---|${estimators.map(() => "---|").join("")}`);
for (const eta of [0, 2, 5]) {
  for (const tolerance of numbers(values.tolerances)) {
    const label = etaName(eta);
    const allocation = adaptive(label, tolerance);
    for (const [i, p] of rates.entries()) {
      const found = estimators.map((one) => measure(allocation, p, label, one));
      const cells = found.map(({ bias, root }) => `${signed(bias)}, ${root.toFixed(3)}`);
      console.log(`| ${[label, tolerance, shares[i], found[0].rollouts.toFixed(1), ...cells].join(" | ")} |`);
    }
  }
}

/** The chance that the nominal 95 % interval has p where sampling stops. */
function coverage(allocation, p) {
  return endsOf(allocation, p).reduce((sum, [all, correct, probability]) => {
    const { low, high } = wilson(correct, all);
    return low <= p && p <= high ? sum + probability : sum;
  }, 0);
}

const covered = [1 / 2, 1 / 4, 1 / 10];
console.log("\nHow often the interval has p at the stop, soft labels\n");
console.log("| tolerance | p = 1/2 | p = 1/4 | p = 1/10 |\n|---|---|---|---|");
for (const tolerance of [0.3, 0.2, 0.15]) {
  const cells = covered.map((p) => coverage(adaptive("soft", tolerance), p).toFixed(3));
  console.log(`| ${[tolerance, ...cells].join(" | ")} |`);
}
