import test from "ava";
import fc from "fast-check";
import { TrainingOrder } from "../../../src/training/order.js";
import { packBatches } from "../../../src/training/pack.js";

const lengths = fc
  .array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 200 })
  .map((all) => Int32Array.from(all));
const options = fc.record({
  seed: fc.nat(),
  epochs: fc.integer({ min: 1, max: 3 }),
  tokensPerUpdate: fc.integer({ min: 1, max: 5000 }),
  tokensPerBatch: fc.integer({ min: 1, max: 1000 }),
});

const sum = (values: Iterable<number>) => [...values].reduce((all, value) => all + value, 0);
const ascending = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

test("every epoch has every example once, whatever the sizes of updates and batches", (t) => {
  fc.assert(
    fc.property(lengths, options, (all, given) => {
      const order = new TrainingOrder(all, given);
      t.is(order.numUpdates, given.epochs * order.updatesPerEpoch);
      const epochs = Array.from({ length: given.epochs }, () => [] as number[]);
      for (let k = 1; k <= order.numUpdates; k++) {
        const update = order.update(k);
        t.is(update.updateIndex, k);
        t.true(update.examples.length > 0);
        t.deepEqual(ascending(update.batches.flatMap((batch) => [...batch])), ascending(update.examples));
        t.is(update.numTokens, sum(update.examples.map((example) => all[example] as number)));
        epochs[update.epoch]?.push(...update.examples);
      }
      for (const examples of epochs) t.deepEqual(ascending(examples), [...all.keys()]);
    }),
  );
});

test("a batch never has more tokens than its budget, unless it is one longer example alone", (t) => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 1000 }), (all, tokensPerBatch) => {
      for (const batch of packBatches([...all.keys()], all, tokensPerBatch)) {
        t.true(batch.length === 1 || sum(batch.map((example) => all[example] as number)) <= tokensPerBatch);
      }
    }),
  );
});

test("packing fills all batches but one more than half, so it needs less than twice the fewest possible", (t) => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 300, max: 1000 }), (all, tokensPerBatch) => {
      const fills = packBatches([...all.keys()], all, tokensPerBatch).map((batch) =>
        sum(batch.map((example) => all[example] as number)),
      );
      t.true(fills.filter((fill) => 2 * fill <= tokensPerBatch).length <= 1);
    }),
  );
});

test("sequences of equal length pack without waste, in their order", (t) => {
  const batches = packBatches([4, 3, 2, 1, 0, 5], Int32Array.of(10, 10, 10, 10, 10, 10), 30);
  t.deepEqual(
    batches.map((batch) => [...batch]),
    [
      [4, 3, 2],
      [1, 0, 5],
    ],
  );
  t.deepEqual(packBatches([], new Int32Array(0), 5), []);
});

test("an update can be told without those before it, and by a new plan", (t) => {
  fc.assert(
    fc.property(lengths, options, fc.nat(), (all, given, at) => {
      const order = new TrainingOrder(all, given);
      const k = 1 + (at % order.numUpdates);
      const inTurn = Array.from({ length: order.numUpdates }, (_, i) => order.update(i + 1))[k - 1];
      t.deepEqual(new TrainingOrder(all, given).update(k), inTurn);
      t.deepEqual(order.update(k), inTurn);
    }),
  );
});

test("updates have about the tokens that were asked for: within the longest example, every epoch alike", (t) => {
  fc.assert(
    fc.property(lengths, options, (all, given) => {
      const order = new TrainingOrder(all, given);
      // With fewer examples than updates wanted, an example each is all there can be.
      if (order.updatesPerEpoch === all.length) return;
      const share = order.numTokens / order.updatesPerEpoch;
      const longest = Math.max(...all);
      // Short of the ends that one example an update moves, every cut lies within half an example of its place.
      if (share < 2 * longest) return;
      for (let k = 1; k <= order.numUpdates; k++) t.true(Math.abs(order.update(k).numTokens - share) <= longest);
    }),
    { numRuns: 300 },
  );
  t.is(
    new TrainingOrder(Int32Array.of(10, 10, 10, 10), { seed: 0, epochs: 2, tokensPerUpdate: 20, tokensPerBatch: 10 })
      .numUpdates,
    4,
  );
});

test("epochs and seeds shuffle differently, the same seed alike", (t) => {
  const all = new Int32Array(100).fill(5);
  const given = { seed: 1, epochs: 2, tokensPerUpdate: 500, tokensPerBatch: 50 };
  const order = new TrainingOrder(all, given);
  const [first, second] = [order.update(1).examples, order.update(2).examples];
  t.notDeepEqual(first, second);
  t.notDeepEqual(first, new TrainingOrder(all, { ...given, seed: 2 }).update(1).examples);
  t.deepEqual(first, new TrainingOrder(all, given).update(1).examples);
});

test("the order is the same on every machine: these are the first examples of seed 7", (t) => {
  const order = new TrainingOrder(new Int32Array(20).fill(1), {
    seed: 7,
    epochs: 1,
    tokensPerUpdate: 20,
    tokensPerBatch: 20,
  });
  t.deepEqual([...order.update(1).examples], [15, 12, 6, 9, 4, 14, 8, 10, 5, 16, 1, 0, 18, 7, 19, 11, 13, 17, 3, 2]);
});

test("300,000 examples are planned within seconds", (t) => {
  const all = Int32Array.from({ length: 300_000 }, (_, i) => 50 + ((i * 7919) % 400));
  const start = performance.now();
  const order = new TrainingOrder(all, { seed: 0, epochs: 3, tokensPerUpdate: 65_536, tokensPerBatch: 16_384 });
  order.update(order.numUpdates);
  // One update of everything: packing must not be quadratic either.
  new TrainingOrder(all, { seed: 0, epochs: 1, tokensPerUpdate: 1e9, tokensPerBatch: 16_384 }).update(1);
  t.true(performance.now() - start < 5000);
});

test("wrong sizes and indices are named", (t) => {
  const all = Int32Array.of(1, 2);
  const given = { seed: 0, epochs: 1, tokensPerUpdate: 1, tokensPerBatch: 1 };
  t.throws(() => new TrainingOrder(new Int32Array(0), given), { message: /at least one example/ });
  t.throws(() => new TrainingOrder(all, { ...given, tokensPerUpdate: 0 }), { message: /tokens of an update/ });
  t.throws(() => new TrainingOrder(all, { ...given, tokensPerBatch: 0 }), { message: /tokens of a batch/ });
  t.throws(() => new TrainingOrder(all, { ...given, seed: -1 }), { message: /seed/ });
  t.throws(() => new TrainingOrder(all, given).update(0), { message: /the update/ });
  t.throws(() => new TrainingOrder(all, given).update(3), { message: /the update/ });
});
