import test from "ava";
import { agree, examplesDigest } from "../../../../src/training/distributed/agreement.js";
import { expectTransport } from "../../../../src/training/distributed/transport.js";
import { policyExamples, rewardExamples } from "../../../support/training-examples.js";

const groupOf = (...terms: unknown[]) => ({ exchangeValues: async <T>() => terms as T[] });

test("ranks that train the same agree", async (t) => {
  await t.notThrowsAsync(agree(groupOf({ seed: 1, lora: { rank: 2 } }, { seed: 1, lora: { rank: 2 } }), {}));
});

test("the first term that differs is named, with its rank and both values", async (t) => {
  const error = await t.throwsAsync(agree(groupOf({ seed: 1 }, { seed: 1 }, { seed: 1, limit: 5 }), {}), {
    code: "ERPRM_RUN_CONFLICT",
    message: /found limit nothing on rank 0 and 5 on rank 2$/,
  });
  t.like(error, { details: { rank: 2, name: "limit" } });
});

test("a digest stands for the examples and their order", (t) => {
  const shape = { numProblems: 3, solutionsPerProblem: 2 };
  for (const make of [rewardExamples, policyExamples]) {
    const store = make(shape);
    const digest = examplesDigest(store);
    t.regex(digest, /^[0-9a-f]{64}$/);
    t.is(examplesDigest(make(shape)), digest);
    const others = [store.part([1, 0, 2, 3, 4, 5]), store.part([0, 1, 2, 3, 4]), make({ ...shape, firstProblem: 1 })];
    t.is(new Set([digest, ...others.map(examplesDigest)]).size, 4);
    store.scaleWeights(2);
    t.not(examplesDigest(store), digest);
  }
  t.not(
    examplesDigest(rewardExamples({ ...shape, numProblems: 0 })),
    examplesDigest(policyExamples({ ...shape, numProblems: 0 })),
  );
});

test("a device over which nothing sums is refused by name", (t) => {
  t.notThrows(() => expectTransport("cpu"));
  t.throws(() => expectTransport("cuda:1"), { code: "ERPRM_DEVICE_UNAVAILABLE", message: /received "cuda:1".*NCCL/ });
});
