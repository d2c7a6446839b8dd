/**
 * The work of the servers as calls within one process: WORKLOAD.json, warm-up, solutions, and either `each` (one call a
 * solution, one after the other) or `together` (one call for all).
 */
import { readFileSync } from "node:fs";
import { RewardModel } from "../../../src/reward/reward-model.js";
import { closedLoop } from "../closed-loop.js";
import { largestDifference } from "../largest-difference.js";
import { latenciesOf } from "../percentiles.js";
import type { ServedSolution, ServingWorkload } from "../serving-workload.js";

const [file, ...rest] = process.argv.slice(2) as [string, string, string, string];
const [warmUp, count] = rest.map(Number) as [number, number];
const workload: ServingWorkload = JSON.parse(readFileSync(file, "utf8"));
const { solutions, batchTokens: tokenBudget, threads } = workload;
const at = (number: number) => solutions[number % solutions.length] as ServedSolution;
const model = await RewardModel.load(workload.model, { threads });
const numTokens = solutions.map((solution) => model.encode(solution).tokenIds.length);

/** Scores of all solutions, outside of every measurement: what others have to agree with. */
const scores = await model.scoreSteps(solutions, { tokenBudget });
const tokensOf = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + (numTokens[number % solutions.length] as number), 0);

if (rest[2] === "each") {
  let difference = 0;
  const { seconds, milliseconds, numbers } = await closedLoop({
    concurrency: 1,
    warmUp,
    answers: count,
    ask: async (number) => {
      const [stepScores] = await model.scoreSteps([at(number)], { tokenBudget });
      const expected = scores[number % solutions.length] as number[];
      difference = Math.max(difference, largestDifference(stepScores as number[], expected));
    },
  });
  const latencies = latenciesOf(milliseconds);
  console.log(
    JSON.stringify({ seconds, solutions: numbers.length, tokens: tokensOf(numbers), difference, latencies, scores }),
  );
} else {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const work = numbers.map(at);
  const start = performance.now();
  const all = await model.scoreSteps(work, { tokenBudget });
  const seconds = (performance.now() - start) / 1000;
  const expected = numbers.flatMap((number) => scores[number % solutions.length] as number[]);
  const difference = largestDifference(all.flat(), expected);
  console.log(JSON.stringify({ seconds, solutions: count, tokens: tokensOf(numbers), difference, scores }));
}
await model.dispose();
