import test from "ava";
import { scoreSummaryText } from "../../../../src/cli/score/summary.js";

test("a mean of 0 is shown, one without solutions behind it is not", (t) => {
  const counts = { scored: 3, problems: 2, steps: 9, right: 0, wrong: 3, "product wrong": 0, "min wrong": 0.25 };
  const text = scoreSummaryText({ stage: "score", alreadyComplete: false, counts, timings: {} });
  t.regex(text, /^product {7}mean wrong 0\.000$/m);
  t.regex(text, /^min {11}mean wrong 0\.250$/m);
});
