import test from "ava";
import fc from "fast-check";
import type { PolicyExample, RewardExample } from "../../../src/training/example.js";
import { ExampleStore } from "../../../src/training/example-store.js";
import { policyExample, policyExamples, rewardExample, rewardExamples } from "./examples.js";

test("a store gives back every example as it was added", (t) => {
  fc.assert(
    fc.property(policyExamples, (examples) => {
      const store = new ExampleStore<PolicyExample>("policy");
      for (const example of examples) store.add(example);
      t.deepEqual(
        examples.map((_, i) => store.get(i)),
        examples,
      );
    }),
  );
  fc.assert(
    fc.property(rewardExamples, (examples) => {
      const store = new ExampleStore<RewardExample>("reward");
      for (const example of examples) store.add(example);
      t.deepEqual(
        examples.map((_, i) => store.get(i)),
        examples,
      );
    }),
  );
});

test("a store's sizes, lengths, weights, labels and problems are those of its examples", (t) => {
  fc.assert(
    fc.property(rewardExamples, (examples) => {
      const store = new ExampleStore<RewardExample>("reward");
      for (const example of examples) store.add(example);
      t.is(store.size, examples.length);
      t.deepEqual(
        [...store.lengths()],
        examples.map(({ tokenIds }) => tokenIds.length),
      );
      t.is(
        store.numTokens,
        store.lengths().reduce((sum, length) => sum + length, 0),
      );
      t.is(
        store.numPositions,
        examples.reduce((sum, { positions }) => sum + positions.length, 0),
      );
      t.deepEqual(
        [...store.labels()],
        examples.flatMap(({ labels }) => [...labels]),
      );
      t.deepEqual(store.problemIds(), [...new Set(examples.map(({ problemId }) => problemId))]);
      for (const [i, { weights }] of examples.entries()) {
        t.is(
          store.weightOf(i),
          weights.reduce((sum, weight) => sum + weight, 0),
        );
      }
    }),
  );
});

test("a part of a store has the examples that were named, in that order, as copies", (t) => {
  fc.assert(
    fc.property(rewardExamples, policyExamples, fc.array(fc.nat(), { maxLength: 8 }), (rewards, policies, chosen) => {
      const reward = new ExampleStore<RewardExample>("reward");
      for (const example of rewards) reward.add(example);
      const some = chosen.map((i) => i % rewards.length);
      const part = reward.part(some);
      const expected = new ExampleStore<RewardExample>("reward");
      for (const i of some) expected.add(reward.get(i));
      reward.scaleWeights(2);
      t.is(part.size, some.length);
      t.deepEqual(
        some.map((_, k) => part.get(k)),
        some.map((i) => rewards[i]),
      );
      t.deepEqual(part.problemIds(), expected.problemIds());
      t.deepEqual([part.numTokens, part.numPositions], [expected.numTokens, expected.numPositions]);
      t.deepEqual(part.labels(), expected.labels());

      const policy = new ExampleStore<PolicyExample>("policy");
      for (const example of policies) policy.add(example);
      const all = [...policies.keys()].reverse();
      const backwards = policy.part(all);
      t.deepEqual(
        all.map((_, k) => backwards.get(k)),
        all.map((i) => policies[i]),
      );
    }),
  );
});

test("scaling the weights scales those of every position", (t) => {
  const store = new ExampleStore<RewardExample>("reward");
  store.add(rewardExample("p", 0, 4, [0, 1]));
  store.add(rewardExample("q", 0, 3, [1]));
  store.scaleWeights(0.5);
  t.deepEqual([...store.get(0).weights], [0.5, 1]);
  t.deepEqual([...store.get(1).weights], [0.5]);
  const policies = new ExampleStore<PolicyExample>("policy");
  policies.add(policyExample("p", 0, [1], [2, 3]));
  policies.scaleWeights(3);
  t.deepEqual([...policies.get(0).weights], [3, 3]);
  t.is(policies.weightOf(0), 6);
});

test("an example whose arrays do not fit each other is refused by name", (t) => {
  const good = rewardExample("p", 3, 4, [0, 1]);
  const wrong: [Partial<RewardExample>, RegExp][] = [
    [{ positions: Int32Array.of(2, 4) }, /ascending positions below 4/],
    [{ positions: Int32Array.of(3, 3) }, /ascending positions below 4/],
    [{ positions: Int32Array.of(-1, 3) }, /ascending positions below 4/],
    [{ positions: new Int32Array(0) }, /at least one position/],
    [{ weights: Float32Array.of(1) }, /one weight above 0/],
    [{ weights: Float32Array.of(1, 0) }, /one weight above 0/],
    [{ weights: Float32Array.of(1, Number.NaN) }, /one weight above 0/],
    [{ labels: Float32Array.of(0, 1.5) }, /label and one success rate from 0 to 1/],
    [{ labels: Float32Array.of(0, Number.NaN) }, /label and one success rate from 0 to 1/],
    [{ successRates: Float32Array.of(0) }, /label and one success rate from 0 to 1/],
    [{ numCompletions: Int32Array.of(1, 0) }, /number of completions from 1/],
  ];
  for (const [change, message] of wrong) {
    const store = new ExampleStore<RewardExample>("reward");
    const error = t.throws(() => store.add({ ...good, ...change }), { message });
    t.regex(String(error?.message), /problem "p", solution 3/);
    t.is(store.size, 0);
  }
});

test("a policy's targets are the tokens that follow, to the end of the sequence, or the example is refused", (t) => {
  const good = policyExample("p", 0, [1, 2], [3, 4, 5]);
  const store = new ExampleStore<PolicyExample>("policy");
  t.throws(() => store.add({ ...good, tokens: Int32Array.of(3, 9, 5) }), { message: /tokens that follow/ });
  t.throws(() => store.add({ ...good, tokenIds: Int32Array.of(1, 2, 3, 4, 5) }), { message: /last positions/ });
  t.throws(() => store.add({ ...good, weights: Float32Array.of(1, 2, 1) }), { message: /one weight for all/ });
  t.throws(() => store.add(rewardExample("p", 0, 2, [1]) as never), { message: /for a policy model/ });
  store.add(good);
  t.throws(() => store.get(1), { instanceOf: RangeError });
});
