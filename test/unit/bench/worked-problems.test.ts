import test from "ava";
import { workedProblem } from "../../bench/worked-problems.js";

const numbers = Array.from({ length: 200 }, (_, number) => number);

/** Left to right: there is one operator in each. */
function resultOf(expression: string): number {
  const [, a, operator, b] = /^(\d+) ([*/+-]) (\d+)$/.exec(expression) ?? [];
  const [x, y] = [Number(a), Number(b)];
  return operator === "*" ? x * y : operator === "/" ? x / y : operator === "+" ? x + y : x - y;
}

test("every equation in the steps is right", (t) => {
  let equations = 0;
  for (const number of numbers) {
    for (const step of workedProblem(number).steps) {
      for (const [, left, right] of step.matchAll(/(\d+ [*/+-] \d+) = \$?(-?\d+)/g)) {
        t.is(resultOf(left as string), Number(right), step);
        equations += 1;
      }
    }
  }
  t.true(equations >= 200 * 14);
});

test("problems differ, each is always the same, and all have eight steps", (t) => {
  t.is(new Set(numbers.map((number) => workedProblem(number).question)).size, numbers.length);
  t.deepEqual(workedProblem(17), workedProblem(17));
  t.true(numbers.every((number) => workedProblem(number).steps.length === 8));
});

test("each step goes on from the numbers of those before it", (t) => {
  const { steps } = workedProblem(5);
  const sales = /= \$(\d+) in total/.exec(steps[3] as string)?.[1];
  const costs = /costs together are .* = \$(\d+)\.$/.exec(steps[6] as string)?.[1];
  t.true(steps[7]?.includes(`${sales} - ${costs} = $${Number(sales) - Number(costs)}`));
});
