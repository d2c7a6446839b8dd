/** How many answers a second one thread grades: plain numbers, whole GSM8K-like solutions, the distinct MATH-500 answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Table from "cli-table3";
import { gradeTexts } from "../../src/grading/grade.js";
import { Grader } from "../../src/grading/grader.js";
import { resolveOptions } from "../../src/grading/options.js";
import { packageRoot } from "../../src/native/loader.js";
import { median } from "./measure.js";

const numRuns = 7;
const options = resolveOptions({});
const math = readFileSync(join(packageRoot, "test/fixtures/math500_answers.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line).answer as string);

/** Pairs of which half are equal. */
const numeric = Array.from({ length: 50_000 }, (_, i) => [
  `${(i * 37) % 100_000}`,
  `${((i * 37) % 100_000) + (i % 2)}`,
]);
const solutions = Array.from({ length: 10_000 }, (_, i) => [
  `She buys ${i} apples.\n\nThey cost 3 * ${i} = ${3 * i} dollars.\n\nThe answer is $\\boxed{${3 * i}}$.`,
  `${3 * i + (i % 2)}`,
]);
const latex = math.flatMap((answer, i) => [
  [answer, answer],
  [answer, math[(i + 1) % math.length] as string],
]);

const grader = new Grader();
const table = new Table({
  head: ["pairs", "count", "median pairs/s", "lowest - highest"],
  style: { head: [], border: [] },
});
const rows: Record<string, unknown>[] = [];
for (const [name, pairs] of Object.entries({ numeric, solutions, "MATH-500 answers": latex })) {
  const expected = pairs.filter(
    ([candidate, reference]) => gradeTexts(candidate as string, reference as string, options).correct,
  ).length;
  const rates: number[] = [];
  for (let run = 0; run < numRuns; run++) {
    const start = performance.now();
    const verdicts =
      name === "MATH-500 answers"
        ? pairs.map(([candidate, reference]) => gradeTexts(candidate as string, reference as string, options))
        : await grader.gradeMany(pairs as [string, string][]);
    rates.push(pairs.length / ((performance.now() - start) / 1000));
    const correct = verdicts.filter((verdict) => verdict.correct).length;
    if (correct !== expected) throw new Error(`${name}: ${correct} correct, expected ${expected}`);
  }
  rows.push({
    name,
    pairs: pairs.length,
    pairsPerSecond: median(rates),
    low: Math.min(...rates),
    high: Math.max(...rates),
  });
  table.push([
    name,
    pairs.length,
    median(rates).toFixed(0),
    `${Math.min(...rates).toFixed(0)} - ${Math.max(...rates).toFixed(0)}`,
  ]);
}
await grader.dispose();
console.log(table.toString());
console.log(JSON.stringify({ runs: numRuns, rows }));
