import test from "ava";
import { extractAnswer } from "../../../src/grading/extract.js";
import { gradeTexts } from "../../../src/grading/grade.js";
import { defaultOptions } from "../../../src/grading/options.js";

const hostile: Record<string, string> = {
  "a tower of powers": "9^{9^{9^9}}",
  "a factorial of ten million": "10000000!",
  "factorials of factorials": "((((9!)!)!)!)!",
  "an exponent of 99999": "1e99999",
  "a sum over a billion terms": "\\sum_{k=1}^{1000000000} k",
  "a large binomial": "\\binom{1000000}{500000}",
  "a common divisor of huge powers": "\\gcd(10^{100000},3^{200000})",
  "a quotient of huge powers": "\\frac{3^{200000}}{2^{200000}}",
  "a millionth root": "\\sqrt[1000000]{2}",
  "two thousand brackets": "(".repeat(2000),
  "two thousand braces": "{".repeat(2000),
  "six hundred fractions": "\\frac{".repeat(600),
  "nested mixed numbers": `${"1\\frac{".repeat(500)}1${"}{2}".repeat(500)}`,
  "groups before a word": `${"{1}".repeat(1000)} x!`,
  "a chain of divisions": `${"1/".repeat(1900)}1`,
  "a chain of signs": `${"-".repeat(3900)}1`,
  "a chain of factorial signs": `5${"!".repeat(3900)}`,
  "a hundred independent signs": `${"\\pm 1".repeat(100)}`,
  "a long list": `${"1,".repeat(1900)}1`,
  "a chain of equations": `${"x=".repeat(1999)}1`,
  "unclosed boxes": "\\boxed{\n".repeat(25_000),
  "only dollars": "$".repeat(200_000),
  "unclosed parentheses": "\\(".repeat(100_000),
  "only newlines": "\n".repeat(200_000),
  "only cues": "answer is ".repeat(20_000),
  "a cue and nothing but spaces": `the answer is${" ".repeat(200_000)}`,
  "only asterisks": "**".repeat(100_000),
  "only hashes": "#### ".repeat(40_000),
};

for (const [name, text] of Object.entries(hostile)) {
  test(`${name}: decided within seconds, and not equal to 5`, (t) => {
    const start = performance.now();
    extractAnswer(text);
    t.false(gradeTexts("5", text, defaultOptions).correct);
    t.false(gradeTexts(`${text}+1`, text, defaultOptions).correct);
    t.true(performance.now() - start < 5_000);
  });
}

test("numbers that differ in the last of many digits are different", (t) => {
  t.false(gradeTexts("11111111101", "11111111100", defaultOptions).correct);
  t.false(gradeTexts("2^{100001}", "2^{100000}", defaultOptions).correct);
  t.false(gradeTexts("1", "1-\\frac{1}{2^{100}}", defaultOptions).correct);
});
