import test from "ava";
import fc from "fast-check";
import { spikeThreshold, UpdateLoss, usualLoss } from "../../../src/training/spike.js";

const quiet = Array.from({ length: 40 }, (_, i) => 0.5 + 0.01 * Math.sin(i));

test("a loss ten times that of the last updates is a spike, one twice as high is not", (t) => {
  const threshold = spikeThreshold(quiet, "next-token");
  t.true(threshold > 1 && threshold <= 5.2);
  t.true(Math.abs(spikeThreshold(quiet, "next-token", { factor: 3 }) - 1.5) < 0.05);
});

test("the second update can be a spike, the first cannot, and nothing is one when the factor is 0", (t) => {
  t.is(spikeThreshold([], "two-way"), Number.POSITIVE_INFINITY);
  t.is(spikeThreshold([0.75], "two-way"), 7.5);
  t.is(spikeThreshold(quiet, "two-way", { factor: 0 }), Number.POSITIVE_INFINITY);
});

/** The updates that are spikes, each loss held against those before it. */
function spikes(losses: readonly number[], loss: Parameters<typeof usualLoss>[1] = "two-way"): number[] {
  let usualBefore: number | undefined;
  return losses.flatMap((value, k) => {
    const threshold = spikeThreshold(losses.slice(0, k), loss, { usualBefore });
    usualBefore = usualLoss(losses.slice(0, k + 1), loss, usualBefore);
    return value > threshold ? k + 1 : [];
  });
}

test("a training that diverges in its first updates is caught in them, at once or in a few strides", (t) => {
  t.is(spikes([0.68, 61, 275])[0], 2);
  t.is(spikes([0.68, 5, 40, 90])[0], 3);
  t.is(spikes([0.68, 2, 6, 18, 54, 162])[0], 4);
});

test("a training that diverges by less than the factor at a time does not make its own losses the usual ones", (t) => {
  const creeping = Array.from({ length: 400 }, (_, k) => 0.5 * 1.01 ** k);
  const [first = 0] = spikes(creeping, "next-token");
  t.true(first > 0 && (creeping[first - 1] as number) < 11, `update ${first}`);
  const plateau = [...Array(40).fill(0.3), ...Array(100).fill(2.9), 3.1, 10];
  t.deepEqual(spikes(plateau, "next-token"), [141, 142]);
});

test("few losses that happen to be small make no spikes of ordinary ones", (t) => {
  t.deepEqual(spikes([0.02, 3.5, 0.01, 0.4, 5.2, 0.3]), []);
  t.deepEqual(spikes([0.001, 0.9, 0.3, 1], "squared"), []);
  t.deepEqual(spikes([0.4, 6.1, 2.2, 3.9], "next-token"), []);
});

test("the losses of the beginning are forgotten: a spike is measured by the last updates", (t) => {
  const falling = [...Array.from({ length: 100 }, () => 11), ...Array.from({ length: 64 }, () => 1)];
  t.is(spikeThreshold(falling, "next-token"), 10);
  t.is(spikeThreshold(falling.slice(-64), "next-token"), 10);
});

test("one outlier in the history does not move the threshold", (t) => {
  const steady = new Array(40).fill(0.5);
  t.is(spikeThreshold([...steady.slice(1), 1000], "two-way"), spikeThreshold(steady, "two-way"));
});

test("swings that updates of few sequences have anyway are no spikes", (t) => {
  const swinging = Array.from({ length: 64 }, (_, i) => [0.1, 0.4, 0.6, 0.9][i % 4] as number);
  // The factor alone would put it at 1; the losses lie 0.25 from their median 0.5, half of them farther.
  t.true(Math.abs(spikeThreshold(swinging, "next-token", { factor: 2 }) - (0.5 + 2 * 1.4826 * 0.25)) < 1e-9);
});

test("a model that knows its examples by heart may meet one that it does not", (t) => {
  const known = new Array(64).fill(1e-4);
  // Sure and wrong: the loss of a score of 0.005 where the label is 1, in an update of one solution.
  t.true(spikeThreshold(known, "two-way") > -Math.log(0.005));
  t.is(spikeThreshold(known, "next-token"), 2);
  t.is(spikeThreshold(known, "squared"), 0.5);
});

test("the threshold is never below the factor times the median, whatever the history", (t) => {
  const losses = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 16, maxLength: 64 });
  fc.assert(
    fc.property(losses, fc.double({ min: 1, max: 20, noNaN: true }), (history, factor) => {
      const sorted = [...history].sort((a, b) => a - b);
      const upper = sorted[Math.floor(history.length / 2)] as number;
      const lower = sorted[Math.ceil(history.length / 2) - 1] as number;
      t.true(spikeThreshold(history, "binary", { factor }) >= (factor * (lower + upper)) / 2 - 1e-9);
      const usualBefore = 0.3;
      t.true(spikeThreshold(history, "binary", { factor, usualBefore }) <= usualBefore * (1 + 1.4826 * factor) + 1e-9);
    }),
  );
  t.throws(() => spikeThreshold(quiet, "binary", { factor: 0.5 }), { message: /spike factor/ });
});

const names = ["a", "b", "c"].map((problemId, index) => ({ problemId, index }));

test("an update's loss is the weighted sum over its batches, its worst sequence that with the largest loss a position", (t) => {
  const update = new UpdateLoss();
  update.add([1, 2, 3], [0.1, 0.2, 0.1], [0, 2, 3], (s) => names[s] as never);
  t.deepEqual(update.worst, { problemId: "b", index: 1, loss: 3 });
  update.add([5, 0, 4], [0.1, 0.1, 0.4], [0, 2, 3], (s) => names[2 - s] as never);
  t.true(Math.abs(update.loss - (0.1 + 0.4 + 0.3 + 0.5 + 0 + 1.6)) < 1e-12);
  t.deepEqual(update.worst, { problemId: "b", index: 1, loss: 4 });
  t.notThrows(() => update.check(1, 2.95));
});

test("a spike and a loss that is no number are errors that name the update and the sequence", (t) => {
  const spiking = new UpdateLoss();
  spiking.add([1, 30], [0.5, 0.5], [0, 1, 2], (s) => names[s] as never);
  const spike = t.throws(() => spiking.check(7, 10), {
    message: /loss of update 7 to be at most 10.*solution 1 of problem "b"/,
  });
  t.like(spike, { code: "ERPRM_NUMERICAL", details: { what: "loss spike", updateIndex: 7, problemId: "b", index: 1 } });

  const broken = new UpdateLoss();
  broken.add([99, Number.NaN, Number.NaN], [0.3, 0.3, 0.3], [0, 1, 2, 3], (s) => names[s] as never);
  const error = t.throws(() => broken.check(2, Number.POSITIVE_INFINITY), { message: /finite number, received NaN/ });
  t.like(error, { code: "ERPRM_NUMERICAL", details: { what: "loss", updateIndex: 2, problemId: "b", index: 1 } });

  const infinite = new UpdateLoss();
  infinite.add([1, Number.POSITIVE_INFINITY], [0.5, 0.5], [0, 1, 2], (s) => names[s] as never);
  t.throws(() => infinite.check(3, Number.POSITIVE_INFINITY), { message: /received Infinity.*"b"/ });
});
