/** Small stores of examples whose labels follow from their tokens, so that there is something to learn. */
import type { PolicyExample, RewardExample } from "../../src/training/example.js";
import { ExampleStore } from "../../src/training/example-store.js";
import { randomNumbers } from "./random-numbers.js";

export interface ExampleShape {
  numProblems: number;
  solutionsPerProblem: number;
  /** First problem's number: other ones give other ids. */
  firstProblem?: number;
}

/** Tokens below 200; the label is higher the more tokens are below 100. */
export function rewardExamples({ numProblems, solutionsPerProblem, firstProblem = 0 }: ExampleShape) {
  const store = new ExampleStore<RewardExample>("reward");
  for (let problem = firstProblem; problem < firstProblem + numProblems; problem += 1) {
    for (let index = 0; index < solutionsPerProblem; index += 1) {
      const random = randomNumbers(1000 * problem + index + 1);
      const draw = () => Math.floor(200 * random());
      const tokenIds = Int32Array.from({ length: 8 + (draw() % 20) }, () => draw());
      const positions = Int32Array.of(3, tokenIds.length - 1);
      const labels = Float32Array.from(positions, (position) => {
        const seen = tokenIds.subarray(0, position + 1);
        return seen.filter((token) => token < 100).length / seen.length;
      });
      store.add({
        kind: "reward",
        problemId: `p${problem}`,
        index,
        tokenIds,
        positions,
        weights: Float32Array.of(1, 1),
        labels,
        successRates: labels,
        numCompletions: Int32Array.of(8, 1),
      });
    }
  }
  return store;
}

/** Sequences that count upwards from their first token. */
export function policyExamples({ numProblems, solutionsPerProblem, firstProblem = 0 }: ExampleShape) {
  const store = new ExampleStore<PolicyExample>("policy");
  for (let problem = firstProblem; problem < firstProblem + numProblems; problem += 1) {
    for (let index = 0; index < solutionsPerProblem; index += 1) {
      const length = 6 + ((problem + index) % 5);
      const all = Int32Array.from({ length: length + 1 }, (_, i) => (7 * problem + index + i) % 200);
      const tokens = all.slice(3);
      store.add({
        kind: "policy",
        problemId: `p${problem}`,
        index,
        tokenIds: all.slice(0, length),
        positions: tokens.map((_, p) => p + 2),
        tokens,
        weights: new Float32Array(tokens.length).fill(1),
      });
    }
  }
  return store;
}
