/** What the first-error search finds, beside measuring every prefix with the same number of completions. */
import { labelSteps } from "../../dist/src/data/step-labels.js";
import { firstErrorOf } from "../../dist/src/labeling/first-error.js";
import { replay } from "./replay.mjs";

const search = (numCompletions, minCompletions) => ({
  name: `search ${numCompletions}${minCompletions === undefined ? "" : `, from ${minCompletions}`}`,
  exhaustive: numCompletions,
  allocation: { kind: "first-error", numCompletions, ...(minCompletions !== undefined && { minCompletions }) },
});
const all = (numCompletions) => ({
  name: `every prefix ${numCompletions}`,
  exhaustive: numCompletions,
  allocation: { kind: "fixed", numCompletions },
});

const names = [
  "rollouts",
  "measured",
  "inferred",
  "saving",
  "sameError",
  "sameAsReference",
  "hardAgreement",
  "softMeasured",
  "softInferred",
];
const newSums = () => Object.fromEntries([...names, "baseline", "solutions", "prefixes"].map((name) => [name, 0]));

/** A right solution has no error, so that only the wrong ones are looked at. */
function sumsOf({ allocation, exhaustive }, solutions, offsets) {
  const problems = new Map();
  for (const solution of solutions) {
    const { problemId, outcome, reference, pool } = solution;
    if (!problems.has(problemId)) problems.set(problemId, newSums());
    if (outcome === 1 || pool.length === 0) continue;
    const sums = problems.get(problemId);
    const terminal = { numCompletions: 1, numCorrect: 0, terminal: true };
    for (const offset of offsets) {
      const steps = [...replay(allocation, solution, offset), terminal];
      const whole = [...replay({ kind: "fixed", numCompletions: exhaustive }, solution, offset), terminal];
      const { labels } = labelSteps(steps, ["hard", "soft"]);
      const wanted = labelSteps(whole, ["hard"]).labels.hard;
      sums.solutions += 1;
      sums.sameError += Number(firstErrorOf(steps) === firstErrorOf(whole));
      sums.sameAsReference += Number(firstErrorOf(steps) === firstErrorOf([...reference, terminal]));
      for (const [t, { numCompletions, numCorrect }] of reference.entries()) {
        const p = numCorrect / numCompletions;
        const squared = (labels.soft[t] - p) ** 2 - (p * (1 - p)) / (numCompletions - 1);
        const isInferred = steps[t].inferredFrom !== undefined;
        sums.prefixes += 1;
        sums.rollouts += steps[t].numCompletions;
        sums.baseline += exhaustive;
        sums.hardAgreement += Number(labels.hard[t] === wanted[t]);
        sums[isInferred ? "inferred" : "measured"] += 1;
        sums[isInferred ? "softInferred" : "softMeasured"] += squared;
      }
    }
  }
  return [...problems.values()];
}

function statisticsOf(sums, times) {
  const total = (name) => sums.reduce((sum, one, i) => sum + times[i] * one[name], 0);
  const root = (part, number) => (total(number) > 0 ? Math.sqrt(Math.max(0, total(part) / total(number))) : Number.NaN);
  return [
    total("rollouts") / total("solutions"),
    total("baseline") / total("rollouts"),
    total("sameError") / total("solutions"),
    total("sameAsReference") / total("solutions"),
    total("hardAgreement") / total("prefixes"),
    root("softMeasured", "measured"),
    root("softInferred", "inferred"),
  ];
}

/** Lines of a table. */
export async function searchRows(solutions, { offsets, intervals, shown }) {
  const columns = [
    "allocation",
    "rollouts a solution",
    "saving",
    "first error as with every prefix",
    "first error of the reference",
    "hard labels as with every prefix",
    "soft, measured: root mean squared error",
    "soft, inferred",
  ];
  const lines = [`| ${columns.join(" | ")} |`, `|${columns.map(() => "---|").join("")}`];
  for (const row of [all(8), all(16), all(32), search(8), search(16), search(32), search(16, 4), search(32, 4)]) {
    const sums = sumsOf(row, solutions, offsets);
    const found = await intervals((times) => statisticsOf(sums, times));
    const digits = [1, 2, 3, 3, 3, 3, 3];
    lines.push(`| ${row.name} | ${found.map((estimate, i) => shown(estimate, digits[i])).join(" | ")} |`);
  }
  return lines;
}
