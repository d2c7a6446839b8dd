import test from "ava";
import fc from "fast-check";
import { packExamples } from "../../../../src/training/batch.js";
import { alone } from "../../../../src/training/distributed/ranks.js";
import { roundsOf, shareResults } from "../../../../src/training/distributed/rounds.js";
import { evaluateExamples } from "../../../../src/training/evaluate.js";
import { TrainingOrder } from "../../../../src/training/order.js";
import { defaultOptimizer, runUpdate } from "../../../../src/training/run-update.js";
import { FakeTrainer } from "../../../support/fake-trainer.js";
import { inProcessRanks } from "../../../support/in-process-ranks.js";
import { rewardExamples } from "../../../support/training-examples.js";

const store = rewardExamples({ numProblems: 6, solutionsPerProblem: 3 });
const order = new TrainingOrder(store.lengths(), {
  seed: 0,
  epochs: 1,
  tokensPerUpdate: store.numTokens,
  tokensPerBatch: 60,
});

test("rounds hold every batch once, in order, and only the last has fewer than there are ranks", (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 9 }), (batches, size) => {
      const rounds = roundsOf(batches, size);
      t.deepEqual(rounds.flat(), batches);
      t.true(rounds.slice(0, -1).every((round) => round.length === size));
      t.true(rounds.every((round) => round.length > 0));
    }),
  );
});

test("results of all ranks come to all, a rank without a batch included, and scores stay scores", async (t) => {
  const packed = [Int32Array.of(0), Int32Array.of(1)].map((examples) => packExamples(store, examples, 1));
  const result = (rank: number) => ({ losses: Float32Array.of(rank, 0.1), scores: Float32Array.of(0.5, rank / 3) });
  const ranks = inProcessRanks(3);
  const all = await Promise.all(
    ranks.map((one) => shareResults(one, packed, one.rank < 2 ? result(one.rank) : undefined)),
  );
  for (const results of all) t.deepEqual(results, [result(0), result(1)]);
  const losses = { losses: Float32Array.of(1, 2), scores: new Float32Array() };
  const [first] = await Promise.all(inProcessRanks(2).map((one) => shareResults(one, packed, losses)));
  t.deepEqual(first, [losses, losses]);
});

test("a result that does not fit its batch is named by its rank", async (t) => {
  const packed = [Int32Array.of(0), Int32Array.of(1)].map((examples) => packExamples(store, examples, 1));
  const result = (length: number) => ({ losses: new Float32Array(length), scores: new Float32Array() });
  const [first] = await Promise.allSettled(
    inProcessRanks(2).map((one) => shareResults(one, packed, result(one.rank === 0 ? 2 : 3))),
  );
  t.is(first?.status, "rejected");
  t.regex(String((first as PromiseRejectedResult).reason), /losses of 2 positions from rank 1, received 3 numbers/);
});

test("loss, positions and tokens of an update, and an evaluation, are those of one process to the last bit", async (t) => {
  const plan = order.update(1);
  t.true(plan.batches.length > 4);
  const make = async (ranks: typeof alone) => {
    const engine = new FakeTrainer({ loss: "two-way" });
    const tokens: number[] = [];
    const onTokens = (count: number) => void tokens.push(count);
    const evaluation = await evaluateExamples(engine, store, { tokensPerBatch: 60, ranks, onTokens });
    const limits = { learningRate: 1e-3, lossThreshold: Number.POSITIVE_INFINITY };
    const { loss, numPositions } = await runUpdate(engine, store, plan, {
      ...defaultOptimizer,
      ...limits,
      ranks,
      onTokens,
    });
    return { evaluation, loss, numPositions, tokens };
  };
  const expected = await make(alone);
  for (const size of [2, 3, 5]) {
    const ranks = inProcessRanks(size);
    for (const made of await Promise.all(ranks.map(make))) t.deepEqual(made, expected);
    const counts = roundsOf(plan.batches, size).map((round) => `add ${round.length}`);
    for (const { calls } of ranks) t.deepEqual(calls, [...counts, "share"]);
  }
});

test("a loss that is no number is found by every rank, with the solution that another one computed", async (t) => {
  const spoil = (losses: Float32Array) => losses.fill(Number.NaN, 0, 1);
  const results = await Promise.allSettled(
    inProcessRanks(2).map((ranks) => {
      const engine = new FakeTrainer({ loss: "two-way", ...(ranks.rank === 1 && { spoil }) });
      const limits = { learningRate: 1e-3, lossThreshold: Number.POSITIVE_INFINITY };
      return runUpdate(engine, store, order.update(1), { ...defaultOptimizer, ...limits, ranks });
    }),
  );
  const [first, second] = results.map((result) => String((result as PromiseRejectedResult).reason));
  t.regex(first ?? "", /Expected the loss of update 1 to be a finite number/);
  t.is(first, second);
});
