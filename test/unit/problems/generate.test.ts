import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { extractAnswer } from "../../../src/grading/extract.js";
import { gradeTexts } from "../../../src/grading/grade.js";
import { defaultOptions } from "../../../src/grading/options.js";
import { type Difficulty, difficulties, sizes } from "../../../src/problems/difficulty.js";
import { type GeneratedProblem, generateProblem, generateProblems } from "../../../src/problems/generate.js";
import { type Split, splitOf, splits } from "../../../src/problems/split.js";
import { stories } from "../../../src/problems/stories/all.js";
import { splitSteps } from "../../../src/text/split-steps.js";
import { parseStepRule } from "../../../src/text/step-rule.js";

function first(
  count: number,
  difficulty: Difficulty = "default",
  split: Split = "train",
  seed = 0,
): GeneratedProblem[] {
  return Array.from({ length: count }, (_, index) => generateProblem(index, { difficulty, split, seed }));
}

const many = Object.fromEntries(difficulties.map((difficulty) => [difficulty, first(1500, difficulty)])) as Record<
  Difficulty,
  GeneratedProblem[]
>;

/** The value of `40 / 4 * 3`, from the left; its operators have equal rank or are all +. */
function evaluate(expression: string): number {
  const [start, ...rest] = expression.split(" ");
  let value = Number(start);
  for (let i = 0; i < rest.length; i += 2) {
    const operand = Number(rest[i + 1]);
    if (rest[i] === "+") value += operand;
    else if (rest[i] === "-") value -= operand;
    else if (rest[i] === "*") value *= operand;
    else value /= operand;
    if (!Number.isInteger(value)) return Number.NaN;
  }
  return value;
}

const calculations = (solution: string) => [...solution.matchAll(/(\d+(?: [-+*/] \d+)+) = (\d+)/g)];

test("every line of a worked solution is one calculation that holds, with whole numbers all the way", (t) => {
  for (const { question, solution, numSteps, answer } of Object.values(many).flat()) {
    const lines = solution.split("\n");
    t.is(lines.pop(), `The answer is ${answer}.`);
    t.is(lines.length, numSteps);
    for (const line of lines) {
      const found = calculations(line);
      t.is(found.length, 1, line);
      const [, expression = "", result] = found[0] ?? [];
      t.is(evaluate(expression), Number(result), `${line} in ${question}`);
    }
    t.is(calculations(lines.at(-1) as string)[0]?.[2], answer, "the last calculation is the answer");
  }
});

test("every number that a solution uses stands in the question, comes from a line before, or is a factor in words", (t) => {
  const inWords = /\b(?:twice|both|back|half|third|quarter|fifth|eighth|tenth|same way|\d+%)(?=\W)/i;
  for (const { question, solution } of Object.values(many).flat()) {
    const known = new Set(question.match(/\d+/g));
    for (const [, expression = "", result = ""] of calculations(solution)) {
      const missing = (expression.match(/\d+(?![\d%])/g) ?? []).filter((number) => !known.has(number));
      if (missing.length > 0) t.regex(question, inWords, `${missing} in ${solution} of ${question}`);
      for (const number of missing) t.true(Number(number) <= 10, `${number}: ${question}`);
      known.add(result);
    }
  }
});

test("the answer that is found in a worked solution is the reference answer, and grades as right", (t) => {
  for (const { solution, answer } of Object.values(many).flat()) {
    t.is(extractAnswer(solution), answer);
    t.true(gradeTexts(solution, answer, defaultOptions).correct);
    t.false(gradeTexts(solution, `${answer}1`, defaultOptions).correct);
  }
});

test("the default rule cuts a worked solution into its lines", (t) => {
  for (const { solution, numSteps } of first(300)) {
    t.deepEqual(splitSteps(solution, parseStepRule("auto")), solution.match(/[^\n]+\n?/g));
    t.is(splitSteps(solution, parseStepRule("auto")).length, numSteps + 1);
  }
});

test("questions are one line, answers and all numbers keep within the bounds of the difficulty", (t) => {
  for (const difficulty of difficulties) {
    const { limit, numSteps } = sizes[difficulty];
    for (const problem of many[difficulty]) {
      t.regex(problem.question, /^[A-Z0-9][^\n]*\?$/);
      t.regex(problem.answer, /^(0|[1-9]\d*)$/);
      t.true(numSteps.includes(problem.numSteps));
      for (const number of `${problem.question} ${problem.solution}`.match(/\d+(?![\d%])/g) ?? [])
        t.true(Number(number) <= limit);
    }
  }
});

test("every kind of story is told with every number of steps of its difficulty", (t) => {
  t.true(stories.length >= 12);
  t.is(new Set(stories.map(({ kind }) => kind)).size, stories.length);
  for (const difficulty of difficulties) {
    const told = new Set(many[difficulty].map(({ kind, numSteps }) => `${kind} ${numSteps}`));
    t.is(told.size, stories.length * new Set(sizes[difficulty].numSteps).size);
  }
});

test("all operations, fractions, percentages and facts that nobody needs occur", (t) => {
  const solutions = many.default.map(({ solution }) => solution).join("\n");
  for (const operator of ["+", "-", "*", "/"]) t.true(solutions.includes(` ${operator} `));
  const questions = many.default.map(({ question }) => question);
  for (const words of ["half of", "a third of", "3/4 of", "25% of", "twice as", "years old"]) {
    t.true(
      questions.some((question) => question.toLowerCase().includes(words)),
      words,
    );
  }
});

test("a problem is a function of split, seed, difficulty and index alone", (t) => {
  const forwards = [...generateProblems({ num: 40, split: "test", seed: 7 })];
  const alone = [39, 3, 20].map((index) => generateProblem(index, { split: "test", seed: 7 }));
  for (const { id, question, answer, solution } of alone) {
    t.deepEqual(forwards[Number(id.split("-")[2])], { id, question, answer, solution });
  }
  t.deepEqual([...generateProblems({ num: 10, split: "test", seed: 7 })], forwards.slice(0, 10));
  const [other] = generateProblems({ num: 1, split: "test", seed: 8 });
  t.not(other?.question, forwards[0]?.question);
});

test("no question is in two splits, whatever seed and difficulty", (t) => {
  const seen = new Map<string, Split>();
  for (const split of splits) {
    for (const difficulty of difficulties) {
      for (const { id, question } of [0, 1].flatMap((seed) => first(250, difficulty, split, seed))) {
        t.true(id.startsWith(`word-${split}-`));
        t.is(splitOf(question), split);
        t.true((seen.get(question) ?? split) === split, question);
        seen.set(question, split);
      }
    }
  }
});

test("questions seldom repeat within a split, so that a thousand problems are about a thousand", (t) => {
  for (const difficulty of difficulties) {
    const different = new Set(many[difficulty].map(({ question }) => question)).size;
    t.true(different >= 1480, `${difficulty}: ${different} of 1500`);
  }
});

test("settings out of range are refused by name", (t) => {
  const refused = (settings: object, name: RegExp) => {
    const error = t.throws(() => [...generateProblems({ num: 1, ...settings })], { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_INVALID_ARGUMENT");
    t.regex(error?.message ?? "", name);
  };
  refused({ split: "validation" }, /split to be one of train, held-out, test/);
  refused({ difficulty: "brutal" }, /difficulty to be one of small-numbers, easy, default, hard/);
  refused({ seed: -1 }, /seed/);
  refused({ num: 1.5 }, /num/);
});
