import test from "ava";
import { extractAnswer } from "../../../src/grading/extract.js";
import { gradeTexts } from "../../../src/grading/grade.js";
import { defaultOptions, resolveOptions } from "../../../src/grading/options.js";
import { isCorrect, methodOf, pairs } from "./fixtures.js";

for (const name of ["grading_pairs", "grading_cases"] as const) {
  test(`every pair of ${name} is decided as a mathematician would`, (t) => {
    const wrong = pairs(name).filter((pair) => isCorrect(pair.candidate, pair.reference) !== pair.equal);
    t.deepEqual(wrong, []);
  });

  test(`swapping the sides of a pair of ${name} changes no verdict`, (t) => {
    const asymmetric = pairs(name).filter(
      (pair) => isCorrect(pair.candidate, pair.reference) !== isCorrect(pair.reference, pair.candidate),
    );
    t.deepEqual(asymmetric, []);
  });

  test(`extracting the answer first changes no verdict of ${name}`, (t) => {
    const changed = pairs(name).filter((pair) => {
      const answer = extractAnswer(pair.candidate);
      return answer !== undefined && isCorrect(answer, pair.reference) !== isCorrect(pair.candidate, pair.reference);
    });
    t.deepEqual(changed, []);
  });
}

test("the method names the rule that decided", (t) => {
  t.is(methodOf("5", "5"), "string");
  t.is(methodOf("1,000", "1000.0"), "number");
  t.is(methodOf("0.5", "\\frac12"), "exact");
  t.is(methodOf("\\sqrt{8}", "2\\sqrt{2}"), "numeric");
  t.is(methodOf("0.3333333", "\\frac13"), "rounding");
  t.is(methodOf("(C) 35", "C"), "choice");
  t.is(methodOf("2,1", "\\{1,2\\}"), "set");
  t.is(methodOf("(1,2)", "(2,1)"), "tuple");
  t.is(methodOf("x>3", "(3,\\infty)"), "interval");
  t.is(methodOf("2y=x", "x-2y=0"), "equation");
  t.is(methodOf("25\\%", "0.25"), "percent");
  t.is(methodOf("52_8", "52_9"), "base");
  t.is(methodOf("5 cm", "5 \\text{ m}"), "unit");
  t.is(methodOf("an ellipse", "\\text{ellipse}"), "text");
  t.is(methodOf("", "5"), "no-answer");
});

test("strict grading refuses what is only close to the reference answer", (t) => {
  const strict = resolveOptions({ strict: true });
  for (const [candidate, reference] of [
    ["25", "25\\%"],
    ["\\{1,3\\}", "(1,3)"],
    ["1,22", "1.22"],
    ["(1,2)", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"],
  ] as const) {
    t.true(gradeTexts(candidate, reference, defaultOptions).correct, `${candidate} and ${reference}`);
    t.false(gradeTexts(candidate, reference, strict).correct, `${candidate} and ${reference}, strict`);
  }
  t.true(gradeTexts("0.25", "25\\%", strict).correct);
});

test("a rounded decimal counts from the number of decimals that the options say", (t) => {
  t.false(gradeTexts("0.6667", "\\frac23", defaultOptions).correct);
  t.true(gradeTexts("0.66667", "\\frac23", resolveOptions({ roundingDecimals: 5 })).correct);
  t.false(gradeTexts("0.6666667", "\\frac23", resolveOptions({ roundingDecimals: 8 })).correct);
});
