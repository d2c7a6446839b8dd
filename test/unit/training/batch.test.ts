import test from "ava";
import fc from "fast-check";
import { packExamples, totalWeight } from "../../../src/training/batch.js";
import type { PolicyExample, RewardExample, TrainingExample } from "../../../src/training/example.js";
import { ExampleStore } from "../../../src/training/example-store.js";
import { TrainingOrder } from "../../../src/training/order.js";
import { policyExamples, rewardExamples } from "./examples.js";

function storeOf<E extends TrainingExample>(kind: E["kind"], examples: E[]): ExampleStore<E> {
  const store = new ExampleStore<E>(kind);
  for (const example of examples) store.add(example);
  return store;
}

test("positions in a batch point at the tokens that they point at in their sequences", (t) => {
  fc.assert(
    fc.property(policyExamples, (examples) => {
      const store = storeOf<PolicyExample>("policy", examples);
      const { batch, positionOffsets } = packExamples(store, Int32Array.from(examples.keys()), 1);
      t.is(batch.offsets.at(-1), batch.values.length);
      t.is(batch.labels.length, 0);
      for (const [s, { tokenIds, positions, tokens }] of examples.entries()) {
        t.deepEqual(batch.values.slice(batch.offsets[s], batch.offsets[s + 1] as number), tokenIds);
        const [start, end] = [positionOffsets[s], positionOffsets[s + 1]];
        t.deepEqual(
          batch.positions.slice(start, end).map((position) => position - (batch.offsets[s] as number)),
          positions,
        );
        t.deepEqual(batch.tokens.slice(start, end), tokens);
      }
    }),
  );
});

test("the weights of an update's batches add up to 1, so its loss is the weighted mean over its positions", (t) => {
  fc.assert(
    fc.property(rewardExamples, fc.integer({ min: 1, max: 40 }), (examples, tokensPerBatch) => {
      const store = storeOf<RewardExample>("reward", examples);
      const plan = new TrainingOrder(store.lengths(), {
        seed: 0,
        epochs: 1,
        tokensPerUpdate: 30,
        tokensPerBatch,
      }).update(1);
      const divisor = totalWeight(store, plan.examples);
      let [sum, loss] = [0, 0];
      for (const batch of plan.batches) {
        const packed = packExamples(store, batch, divisor).batch;
        t.is(packed.tokens.length, 0);
        for (const [p, weight] of packed.weights.entries()) {
          sum += weight;
          loss += weight * (packed.labels[p] as number);
        }
      }
      const all = [...plan.examples].map((i) => examples[i] as RewardExample);
      const weighted = all.flatMap(({ weights, labels }) => [...weights].map((w, p) => w * (labels[p] as number)));
      const total = all.flatMap(({ weights }) => [...weights]).reduce((a, b) => a + b, 0);
      t.true(Math.abs(sum - 1) < 1e-5);
      t.true(Math.abs(loss - weighted.reduce((a, b) => a + b, 0) / total) < 1e-5);
    }),
  );
});

test("no examples and a total weight of 0 are refused", (t) => {
  const store = storeOf<RewardExample>("reward", []);
  t.throws(() => packExamples(store, new Int32Array(0), 1), { message: /examples of one kind/ });
});
