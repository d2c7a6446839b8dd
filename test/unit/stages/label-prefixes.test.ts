import test from "ava";
import { firstWrongStep, measuredSteps, solvedProblems } from "../../../src/stages/label-prefixes.js";
import type { StepCounts } from "../../../src/types.js";

/** `3/4`, `-`: not measured, `T1`: terminal, right. */
const counts = (text: string): StepCounts[] =>
  text.split(" ").map((one) => {
    if (one === "-") return { text: "", numCompletions: 0, numCorrect: 0 };
    if (one.startsWith("T")) return { text: "", numCompletions: 1, numCorrect: Number(one.slice(1)), terminal: true };
    const [numCorrect, numCompletions] = one.split("/").map(Number) as [number, number];
    return { text: "", numCompletions, numCorrect };
  });

test("success rates are those of completed prefixes; terminal and unmeasured steps have none", (t) => {
  t.deepEqual(measuredSteps(counts("3/4 - 0/8 T1")), [
    { step: 0, successRate: 0.75 },
    { step: 2, successRate: 0 },
  ]);
  t.deepEqual(measuredSteps(counts("T0")), []);
});

test("the first wrong step follows the last prefix from which anything was right", (t) => {
  const cases: [string, number | undefined][] = [
    ["4/4 2/4 T1", -1],
    ["4/4 0/4 0/4 T0", 1],
    ["0/4 0/4 T0", 0],
    ["4/4 2/4 T0", 2],
    // A prefix that was right later on cannot hold an error that nobody recovers from.
    ["0/4 1/4 0/4 T0", 2],
    ["0/4 0/4 T1", -1],
    // Found by bisection: what was skipped does not matter, the border itself is measured.
    ["- 3/4 0/4 - T0", 2],
    ["3/4 - 0/4 T0", undefined],
    ["- - T0", undefined],
    ["T0", 0],
    ["T1", -1],
    ["- -", undefined],
  ];
  for (const [text, expected] of cases) t.is(firstWrongStep(counts(text)), expected, text);
});

test("a problem is solved when any completion or solution of it was right", (t) => {
  const solution = (problemId: string, text: string) => ({ key: text, problemId, counts: counts(text) });
  const all = [solution("a", "0/4 T0"), solution("a", "1/4 T0"), solution("b", "0/4 T0"), solution("c", "0/4 T1")];
  t.deepEqual([...solvedProblems(all, [])], ["a", "c"]);
});

test("a right solution without labels shows that a problem is solvable, a wrong one does not", (t) => {
  const counted = [{ key: "b 0", problemId: "b", counts: counts("0/4 T0") }];
  const solutions = [
    { problemId: "b", outcome: 0 },
    { problemId: "b", outcome: 1 },
    { problemId: "d", outcome: 0 },
  ] as const;
  t.deepEqual([...solvedProblems(counted, solutions)], ["b"]);
  t.deepEqual([...solvedProblems(counted, solutions.slice(0, 1))], []);
});
