import test from "ava";
import { extractAnswer } from "../../../src/grading/extract.js";
import { gsm8kAnswers, isCorrect, mathAnswers } from "./fixtures.js";

/** Ways in which a model may write a reference answer. */
const restylings: Record<string, (answer: string) => string> = {
  "as it is": (answer) => answer,
  boxed: (answer) => `\\boxed{${answer}}`,
  "in a box in a sentence": (answer) => `Thus the final answer is $\\boxed{${answer}}$.`,
  "in dollars": (answer) => `$${answer}$`,
  "with a trailing period": (answer) => `$${answer}$.`,
  "in parentheses of LaTeX": (answer) => `\\(${answer}\\)`,
  "as a display": (answer) => `\\[${answer}\\]`,
  "after a cue": (answer) => `The answer is $${answer}$.`,
  "after a cue, without delimiters": (answer) => `The answer is ${answer}`,
  "after a cue, with a full stop": (answer) => `Thus the answer is ${answer}.`,
  "in the style of Minerva": (answer) => `Final Answer: The final answer is $${answer}$. I hope it is correct.`,
  "in bold markdown": (answer) => `**Answer:** $${answer}$`,
  "on the line after a cue": (answer) => `Final answer:\n${answer}`,
  "as a conclusion": (answer) => `We compute.\n\nTherefore, the result is $${answer}$.`,
  "after four hashes": (answer) => `Half of 24 is 12.\n#### ${answer}`,
  "with dfrac": (answer) => answer.replace(/\\d?frac/g, "\\dfrac"),
  "with spaces": (answer) => answer.replace(/([+=,])/g, " $1 "),
  "with left and right": (answer) =>
    answer.includes("\\left") ? answer : answer.replace(/([([])/g, "\\left$1").replace(/([)\]])/g, "\\right$1"),
};

for (const [name, restyle] of Object.entries(restylings)) {
  test(`every MATH-500 reference answer equals itself ${name}`, (t) => {
    const wrong = mathAnswers().filter(({ answer }) => {
      // A comma with spaces around it separates; only tight commas group digits.
      const candidate = name === "with spaces" && /\d,(?:\\!|\d{3})/.test(answer) ? answer : restyle(answer);
      return !isCorrect(candidate, answer) || !isCorrect(answer, candidate);
    });
    t.deepEqual(wrong, []);
  });

  test(`every GSM8K reference answer equals itself ${name}`, (t) => {
    const tight = name === "with spaces" ? (answer: string) => answer : restyle;
    t.deepEqual(
      gsm8kAnswers().filter((answer) => !isCorrect(tight(answer), answer)),
      [],
    );
  });
}

test("every MATH-500 reference answer is the boxed answer of its own solution", (t) => {
  const wrong = mathAnswers().filter(({ answer, ending }) => !isCorrect(ending, answer));
  t.deepEqual(wrong, []);
});

test("GSM8K answers survive currency, units and thousands separators", (t) => {
  for (const answer of gsm8kAnswers()) {
    const plain = answer.replace(/,/g, "");
    const grouped = plain.replace(/\B(?=(?:\d{3})+$)/g, ",");
    for (const candidate of [
      `$${grouped}`,
      `\\$${plain}.00`,
      `${grouped} dollars`,
      `${plain}\\text{ apples}`,
      `x = ${plain}`,
    ]) {
      t.true(isCorrect(candidate, answer), `${candidate} for ${answer}`);
    }
    t.is(extractAnswer(`She has 3 boxes.\n#### ${answer}`), answer);
  }
});

test("a GSM8K reference answer is not equal to the next integer", (t) => {
  for (const answer of gsm8kAnswers()) {
    t.false(isCorrect(String(Number(answer.replace(/,/g, "")) + 1), answer), answer);
  }
});

test("distinct MATH-500 reference answers are not judged equal, but for another writing of the same value", (t) => {
  const answers = mathAnswers().map(({ answer }) => answer);
  const equal: string[] = [];
  for (const [index, reference] of answers.entries()) {
    for (const candidate of answers.slice(index + 1)) {
      if (isCorrect(candidate, reference)) equal.push(`${reference} ~ ${candidate}`);
    }
  }
  t.deepEqual(equal, [
    "90^\\circ ~ 90",
    "5 ~ x=5",
    "1,-2 ~ -2,1",
    "40_9 ~ 40",
    "(-2,1) ~ -2,1",
    "120^\\circ ~ 120",
    "36 ~ 36^\\circ",
    "36 ~ \\$36",
    "\\frac{1}{4} ~ \\frac14",
    "30^\\circ ~ 30",
    "10,\\!080 ~ 10080",
    "15 ~ 15\\mbox{ cm}^2",
    "36^\\circ ~ \\$36",
    "2 \\sqrt{5} ~ 2\\sqrt{5}",
  ]);
});
