import test from "ava";
import { solutionTexts } from "../../bench/serving-workload.js";
import { solutionLengths } from "../../bench/solution-lengths.js";

test("served solutions differ, and in bytes they have the tokens of real ones: prompt, steps, a line end and a tag each", (t) => {
  const solutions = solutionTexts(130);
  t.is(new Set(solutions.map((solution) => JSON.stringify(solution))).size, 130);
  for (const [i, { promptTokens, stepEnds }] of solutionLengths("ragged", 0, 130).entries()) {
    const { question, steps } = solutions[i] as (typeof solutions)[number];
    t.is(Buffer.byteLength(question) + 1, promptTokens);
    let end = 0;
    const ends = steps.map((step) => {
      end += Buffer.byteLength(step) + 1;
      return end;
    });
    t.deepEqual(ends, [...stepEnds]);
    t.true(steps.every((step) => /\S/.test(step) && step.indexOf("\n") === step.length - 1));
  }
});

test("where a token has several characters, texts grow with them", (t) => {
  const length = (solution: { question: string; steps: string[] }) =>
    `${solution.question}${solution.steps.join("")}`.length;
  const [short, long] = [solutionTexts(8), solutionTexts(8, 4)];
  for (const [i, solution] of long.entries()) {
    const ratio = length(solution) / length(short[i] as (typeof short)[number]);
    t.true(ratio > 3.8 && ratio < 4.1, `${ratio}`);
  }
});
