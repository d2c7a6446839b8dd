import test from "ava";
import { gradeTexts } from "../../../src/stages/outcomes.js";

test("a pair that ran out of time is graded again", async (t) => {
  const methods = ["timeout", "fault", "number"];
  const grader = {
    grade: async () => {
      const method = methods.shift() as string;
      return { correct: method === "number", method };
    },
  };
  t.deepEqual(await gradeTexts(grader, ["The answer is \\boxed{4}."], "4"), [{ finalAnswer: "4", outcome: 1 }]);
  t.is(methods.length, 0);
});

test("a pair that is never decided counts as wrong, and nobody waits for ever", async (t) => {
  let calls = 0;
  const grader = {
    grade: async () => {
      calls += 1;
      return { correct: false, method: "timeout" };
    },
  };
  t.deepEqual(await gradeTexts(grader, ["The answer is \\boxed{4}."], "4"), [{ finalAnswer: "4", outcome: 0 }]);
  t.is(calls, 4);
});

test("equal answers are graded once, and a text without an answer is wrong without being graded", async (t) => {
  const seen: string[] = [];
  const grader = {
    grade: async (candidate: string) => {
      seen.push(candidate);
      return { correct: true };
    },
  };
  const texts = ["\\boxed{4}", "So it is \\boxed{4}", "I do not know"];
  t.deepEqual(
    (await gradeTexts(grader, texts, "4")).map(({ outcome }) => outcome),
    [1, 1, 0],
  );
  t.deepEqual(seen, ["4"]);
});
