/** Examples made up for tests, and the arbitraries that vary them. */
import fc from "fast-check";
import type { PolicyExample, RewardExample } from "../../../src/training/example.js";

export function policyExample(problemId: string, index: number, prompt: number[], words: number[]): PolicyExample {
  const tokens = Int32Array.from(words);
  return {
    kind: "policy",
    problemId,
    index,
    tokenIds: Int32Array.from([...prompt, ...words.slice(0, -1)]),
    positions: tokens.map((_, p) => prompt.length - 1 + p),
    tokens,
    weights: new Float32Array(words.length).fill(1),
  };
}

export function rewardExample(problemId: string, index: number, length: number, labels: number[]): RewardExample {
  return {
    kind: "reward",
    problemId,
    index,
    tokenIds: Int32Array.from({ length }, (_, i) => i),
    positions: Int32Array.from(labels, (_, p) => length - labels.length + p),
    weights: Float32Array.from(labels, (_, p) => p + 1),
    labels: Float32Array.from(labels),
    successRates: Float32Array.from(labels),
    numCompletions: Int32Array.from(labels, (_, p) => p + 1),
  };
}

const ids = (minLength: number) => fc.array(fc.nat(1000), { minLength, maxLength: 12 });

export const policyExamples = fc
  .array(fc.tuple(fc.nat(5), ids(1), ids(1)), { minLength: 1, maxLength: 20 })
  .map((all) => all.map(([problem, prompt, words], i) => policyExample(`p${problem}`, i, prompt, words)));

export const rewardExamples = fc
  .array(
    fc.tuple(
      fc.nat(5),
      fc.nat(8),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((all) => all.map(([problem, more, labels], i) => rewardExample(`p${problem}`, i, labels.length + more, labels)));
