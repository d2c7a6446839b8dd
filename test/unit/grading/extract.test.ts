import test from "ava";
import { extractAnswer } from "../../../src/grading/extract.js";

const cases: [claim: string, text: string, answer: string | undefined][] = [
  ["the last box wins", "First $\\boxed{3}$. No: $\\boxed{4}$.", "4"],
  ["nested braces belong to the box", "\\boxed{\\frac{1}{\\sqrt{2}}}", "\\frac{1}{\\sqrt{2}}"],
  ["a box in a box is one box", "\\boxed{\\text{ }\\boxed{4}}", "4"],
  ["boxes joined by and are one list", "$\\boxed{1}$ and $\\boxed{2}$", "1, 2"],
  ["boxes in different sentences are not joined", "Part one is $\\boxed{1}$, as shown. Part two: $\\boxed{2}$.", "2"],
  ["an empty box is no answer", "\\boxed{7} and later \\boxed{}", "7"],
  ["a box cut short ends with its line", "so \\boxed{12", "12"],
  ["a box beats what is said after it", "\\boxed{12}\n\nThe answer is easy: 3 * 4 = 12 steps", "12"],
  ["four hashes mark the answer", "He runs 9 * 2 = <<9*2=18>>18 miles.\n#### 18", "18"],
  ["four hashes before a heading are a heading", "#### Step 1: add\n1 + 1 = 2\n\nThe answer is 2.", "2"],
  ["a cue is followed to the end of its sentence", "The answer is 3.5. We are done.", "3.5"],
  ["the last cue with something behind it wins", "My answer is 11. Actually, the answer is 10.", "10"],
  ["a cue may end its line", "## Final Answer\n\n$$x = 12$$", "x = 12"],
  ["a reason after the answer is dropped", "The answer is 4, since 2 + 2 = 4.", "4"],
  ["mathematics joined by and is one answer", "We get $x = 3$ and $y = 4$.", "x = 3, y = 4"],
  ["prices are no delimiters", "One costs $5 and the other costs $6, so the total is $11.", "$11"],
  [
    "the last row of a derivation is its result",
    "We get\n\\begin{align*}\nx &= 40 + 2 \\\\\n&= 42\n\\end{align*}",
    "= 42",
  ],
  ["thinking is not answering", "<think>\\boxed{13}</think>The answer is 12.", "12"],
  ["a bare answer is itself", "\\frac{1}{2}", "\\frac{1}{2}"],
  ["the last sentence may conclude", "We double it. Thus the total is 36 because 6 times 6 is 36.", "36"],
  ["a pair of numbers in brackets is one answer", "The intersection point is (3, 4).", "(3, 4)"],
  ["numbers joined by and are one answer", "The roots are 2 and 3.", "2 and 3"],
  ["a solution without an answer has none", "I do not know how to do this, sorry about that.", undefined],
  ["nothing is no answer", " \n ", undefined],
];

for (const [claim, text, answer] of cases) {
  test(claim, (t) => {
    t.is(extractAnswer(text), answer);
  });
}

test("a long text that breaks off in the middle of a sentence states no answer", (t) => {
  const story = "Janet has 16 eggs and gives some of them away to her friends. ".repeat(6);
  t.is(extractAnswer(`${story}She then sells 3`), undefined);
  t.is(extractAnswer(`${story}So she sells 9.`), "9");
});
