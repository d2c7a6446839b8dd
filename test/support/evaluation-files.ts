/** What the tests of `erprm evaluate` write and say. */
import { handLabels, handScores, handSolutions, jsonLines } from "./evaluation-case.js";

/** The evaluation that is computed by hand. */
export const handFiles = () => ({
  "s.jsonl": jsonLines(handSolutions),
  "scores.jsonl": jsonLines(handScores),
  "l.jsonl": jsonLines(handLabels),
});

const [score] = handScores;
/** The file of scores with another first record. */
export const changedScores = (change: object) => jsonLines([{ ...score, ...change }, ...handScores.slice(1)]);

/** Four solutions each of ten problems. */
export const manySolutions = Array.from({ length: 40 }, (_, i) => ({
  ...{ problemId: `p${i >> 2}`, index: i % 4, question: `What is ${i} + 1?`, answer: "4" },
  steps: Array.from({ length: 1 + (i % 3) }, (_, step) => `Step ${step} of ${"x".repeat((i * 5) % 17)}.\n`),
  finalAnswer: String(i % 5),
  outcome: i % 3 === 0 ? 1 : 0,
}));
/** Words of a command; `@` is the folder. */
export const words = (folder: string, text: string) => text.replaceAll("@", `${folder}/`).split(" ");
