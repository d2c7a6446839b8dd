/** How often a policy is right on problems of the test split, each tried once: proportions with their Wilson intervals. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const numProblems = 2000;
/** Of the speed: one command as users run it. */
const numSpeedProblems = 200;

const settings = [
  { difficulty: "default", temperature: 0.7 },
  { difficulty: "default", temperature: 1 },
  { difficulty: "default", temperature: 0 },
  { difficulty: "easy", temperature: 0.7 },
  { difficulty: "hard", temperature: 0.7 },
];

function records(path) {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Whether a line holds a calculation that is false. */
function miscalculates(line) {
  const [, expression, result] = /(\d+(?: [-+*/] \d+)+) = (\d+)/.exec(line) ?? [];
  if (expression === undefined) return false;
  const [first, ...rest] = expression.split(" ");
  let value = Number(first);
  for (let i = 0; i < rest.length; i += 2) {
    const operand = Number(rest[i + 1]);
    value = { "+": value + operand, "-": value - operand, "*": value * operand, "/": value / operand }[rest[i]];
  }
  return value !== Number(result);
}

/** Wrong solutions, and those among them in which a calculation is false. */
function mistakes(solutions) {
  const wrong = solutions.filter(({ outcome }) => outcome === 0);
  return { wrong: wrong.length, miscalculated: wrong.filter(({ steps }) => steps.some(miscalculates)).length };
}

/**
 * `erprm` runs a command and returns its summary. Result: for each of the settings the share of right solutions, over all
 * problems and by their number of steps, and tokens a second.
 */
export async function measure({ erprm, model, work }) {
  const { wilson } = await import("../../dist/src/statistics/wilson.js");
  const problemsOf = (difficulty, num) => {
    const path = join(work, `test-${difficulty}-${num}.jsonl`);
    erprm("problems", "--split", "test", "--num", String(num), "--difficulty", difficulty, "--out", path, "--force");
    return path;
  };
  const splits = settings.map(({ difficulty, temperature }) => {
    const problems = problemsOf(difficulty, numProblems);
    const run = join(work, `solutions-${difficulty}-${temperature}`);
    const options = ["--num-solutions", "1", "--temperature", String(temperature), "--out", run, "--force"];
    erprm("rollout", "--policy", model, "--problems", problems, ...options);
    const numSteps = new Map(records(problems).map(({ id, solution }) => [id, solution.split("\n").length - 1]));
    const tallies = new Map();
    let successes = 0;
    let unfinished = 0;
    const solutions = records(join(run, "solutions.jsonl"));
    for (const { problemId, outcome, finishReason } of solutions) {
      const tally = tallies.get(numSteps.get(problemId)) ?? { n: 0, successes: 0 };
      tallies.set(numSteps.get(problemId), { n: tally.n + 1, successes: tally.successes + outcome });
      successes += outcome;
      if (finishReason !== "stop") unfinished += 1;
    }
    const bySteps = [...tallies]
      .sort(([a], [b]) => a - b)
      .map(([steps, tally]) => ({ steps, ...wilson(tally.successes, tally.n) }));
    return {
      difficulty,
      temperature,
      all: wilson(successes, numSteps.size),
      bySteps,
      unfinished,
      mistakes: mistakes(solutions),
    };
  });
  const problems = problemsOf("default", numSpeedProblems);
  const summary = erprm("rollout", "--policy", model, "--problems", problems, "--out", join(work, "speed"), "--force");
  return { splits, speed: { tokensPerSecond: summary.tokensPerSecond, rolloutsPerSecond: summary.rolloutsPerSecond } };
}
