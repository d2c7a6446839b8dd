import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { Grader, gradeAnswer } from "../../../src/grading/grader.js";
import { packageRoot } from "../../../src/native/loader.js";

/** Millions of integrand evaluations: seconds of work for any machine. */
const slow = `${"\\int_0^1 ".repeat(5)}\\sqrt{xyztu} \\,dx dy dz dt du`;

test("gradeAnswer grades whole solutions on both sides", async (t) => {
  t.deepEqual(await gradeAnswer("So $x = \\boxed{\\frac12}$.", "0.5"), { correct: true, method: "exact" });
  t.deepEqual(await gradeAnswer("The answer is 7.", "#### 8"), { correct: false, method: "number" });
});

test("a pair over its budget is a timeout, and the pairs after it are graded", async (t) => {
  const grader = new Grader({ threads: 1, budgetMs: 300 });
  const [first, second, third] = await grader.gradeMany([
    [slow, "\\sqrt{2}"],
    ["\\sqrt{8}", "2\\sqrt{2}"],
    ["x^2", "x^3"],
  ]);
  t.deepEqual(first, { correct: false, method: "timeout" });
  t.true(second?.correct);
  t.false(third?.correct);
  await grader.dispose();
});

test("waiting does not use up the budget of a pair", async (t) => {
  const grader = new Grader({ threads: 1, budgetMs: 1_000 });
  const pairs = Array.from({ length: 3_000 }, (_, k) => [`${k}\\sqrt{12}`, `${2 * k}\\sqrt{3}`] as const);
  const verdicts = await grader.gradeMany(pairs);
  t.true(verdicts.every((verdict) => verdict.correct));
  await grader.dispose();
});

test("the event loop stays free while a hard pair is graded", async (t) => {
  const grader = new Grader({ threads: 1, budgetMs: 600 });
  let numTicks = 0;
  const ticking = setInterval(() => (numTicks += 1), 10);
  await grader.grade(slow, "\\sqrt{2}");
  clearInterval(ticking);
  t.true(numTicks > 15, `${numTicks} ticks`);
  await grader.dispose();
});

test("options of a call go before those of the grader", async (t) => {
  const grader = new Grader({ strict: true });
  t.false((await grader.grade("25", "25\\%")).correct);
  t.true((await grader.grade("25", "25\\%", { strict: false })).correct);
  await grader.dispose();
});

test("disposal settles what runs and waits, and refuses what comes after", async (t) => {
  const grader = new Grader({ threads: 1, budgetMs: 60_000 });
  const running = grader.gradeMany([
    [slow, "\\sqrt{2}"],
    ["\\sqrt{8}", "2\\sqrt{2}"],
  ]);
  await grader.dispose();
  t.deepEqual(
    (await running).map((verdict) => verdict.method),
    ["disposed", "disposed"],
  );
  await t.throwsAsync(grader.grade("1", "2"), { code: "ERPRM_DISPOSED" });
});

test("wrong arguments are named", async (t) => {
  t.throws(() => new Grader({ threads: 0 }), { code: "ERPRM_INVALID_ARGUMENT", message: /threads/ });
  t.throws(() => new Grader({ budgetMs: Number.NaN }), { code: "ERPRM_INVALID_ARGUMENT", message: /budgetMs/ });
  await t.throwsAsync(gradeAnswer(5 as unknown as string, "5"), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /candidate/,
  });
  await t.throwsAsync(gradeAnswer("5", "5", { roundingDecimals: 0 }), { code: "ERPRM_INVALID_ARGUMENT" });
});

test("a process that has graded ends by itself", async (t) => {
  const module = pathToFileURL(join(packageRoot, "dist/src/grading/index.js")).href;
  const script = `const { gradeAnswer } = await import(${JSON.stringify(module)});
    console.log(JSON.stringify(await gradeAnswer("\\\\sqrt{8}", "2\\\\sqrt{2}")));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 30_000,
  });
  t.deepEqual(JSON.parse(stdout), { correct: true, method: "numeric" });
});
