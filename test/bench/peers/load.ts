/** The load on a server that scores, in a process of its own: WORKLOAD.json, URL, concurrency, warm-up, answers. */
import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { closedLoop } from "../closed-loop.js";
import { largestDifference } from "../largest-difference.js";
import { latenciesOf } from "../percentiles.js";
import type { ServingWorkload } from "../serving-workload.js";

const [file, url, ...counts] = process.argv.slice(2) as [string, string, ...string[]];
const [concurrency, warmUp, answers] = counts.map(Number) as [number, number, number];
const { solutions, expected } = JSON.parse(readFileSync(file, "utf8")) as ServingWorkload;
if (!expected) throw new Error("Expected a workload whose scores are known");
const bodies = solutions.map((solution) => JSON.stringify(solution));
const placeOf = (number: number) => number % bodies.length;
const pool = new Pool(url, { connections: concurrency, pipelining: 1 });
let difference = 0;
/** Tokens of each solution, as the server counts them. */
const tokensAt: number[] = [];

const { seconds, milliseconds, numbers } = await closedLoop({
  concurrency,
  warmUp,
  answers,
  ask: async (number) => {
    const place = placeOf(number);
    const { statusCode, body } = await pool.request({
      path: "/v1/score",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: bodies[place] as string,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`Expected scores of solution ${place}, received ${statusCode}: ${text}`);
    const { stepScores, numTokens } = JSON.parse(text) as { stepScores: number[]; numTokens: number };
    difference = Math.max(difference, largestDifference(stepScores, expected[place] as number[]));
    tokensAt[place] = numTokens;
  },
});
await pool.close();
const tokens = numbers.reduce((sum, number) => sum + (tokensAt[placeOf(number)] as number), 0);
console.log(
  JSON.stringify({ seconds, solutions: numbers.length, tokens, difference, latencies: latenciesOf(milliseconds) }),
);
