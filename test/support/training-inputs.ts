/** Problems, solutions and labels of small sums, as the files of earlier stages. */
import { randomNumbers } from "./random-numbers.js";

export interface TrainingInputs {
  "problems.jsonl": string;
  "solutions.jsonl": string;
  "labels.jsonl": string;
}

/** Three solutions of each problem, about half of them right; a wrong one goes wrong in its first step. */
export function trainingInputs(numProblems: number): TrainingInputs {
  const random = randomNumbers(5);
  const lines = { problems: [] as string[], solutions: [] as string[], labels: [] as string[] };
  for (let p = 0; p < numProblems; p += 1) {
    const [a, b] = [Math.floor(50 * random()), Math.floor(50 * random())];
    const id = `p${p}`;
    const common = { question: `What is ${a} + ${b}?`, answer: String(a + b) };
    const write = (wrongBy: number) => [`We add ${a} and ${b + wrongBy}.\n`, `The answer is ${a + b + wrongBy}.`];
    lines.problems.push(JSON.stringify({ id, ...common, solution: write(0).join("") }));
    for (let index = 0; index < 3; index += 1) {
      const right = random() < 0.5;
      const texts = write(right ? 0 : 1);
      const key = { problemId: id, index, ...common, outcome: right ? 1 : 0 };
      const counts = [
        { numCompletions: 8, numCorrect: right ? 6 : 1 },
        { numCompletions: 1, numCorrect: right ? 1 : 0, terminal: true },
      ];
      const soft = counts.map(({ numCompletions, numCorrect }) => numCorrect / numCompletions);
      lines.solutions.push(JSON.stringify({ ...key, steps: texts }));
      lines.labels.push(
        JSON.stringify({ ...key, steps: counts.map((count, t) => ({ text: texts[t], ...count })), labels: { soft } }),
      );
    }
  }
  const file = (all: string[]) => `${all.join("\n")}\n`;
  return {
    "problems.jsonl": file(lines.problems),
    "solutions.jsonl": file(lines.solutions),
    "labels.jsonl": file(lines.labels),
  };
}
