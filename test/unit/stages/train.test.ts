import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import {
  type TrainingEnd,
  type TrainingKeeper,
  type TrainStageOptions,
  trainStage,
} from "../../../src/stages/train.js";
import type { TrainingExample } from "../../../src/training/example.js";
import type { ExampleStore } from "../../../src/training/example-store.js";
import type { TrainingEngine } from "../../../src/training/trainer.js";
import type { HeldOutRecord, TrainingRecord, UpdateRecord } from "../../../src/training/training-record.js";
import type { TrainingState } from "../../../src/training/training-state.js";
import { FakeTrainer } from "../../support/fake-trainer.js";
import { policyExamples, rewardExamples } from "../../support/training-examples.js";

const examples = rewardExamples({ numProblems: 12, solutionsPerProblem: 3 });
const heldOut = rewardExamples({ numProblems: 4, solutionsPerProblem: 3, firstProblem: 100 });

function optionsFor(trainer: TrainingEngine, more: Partial<TrainStageOptions> = {}): TrainStageOptions {
  return {
    trainer,
    loss: "binary",
    heldOut,
    epochs: 4,
    schedule: { shape: "cosine", peak: 0.05, warmup: 0.1 },
    tokensPerUpdate: 120,
    tokensPerBatch: 50,
    evaluateEvery: 5,
    ...more,
  };
}

async function run(options: TrainStageOptions, store: ExampleStore<TrainingExample> = examples) {
  const records: TrainingRecord[] = [];
  const stage = trainStage(store, options);
  for (;;) {
    const next = await stage.next();
    if (next.done) return { records, end: next.value as TrainingEnd };
    records.push(next.value);
  }
}

const updates = (records: TrainingRecord[]) => records.filter((record) => record.kind === "update") as UpdateRecord[];
const evaluations = (records: TrainingRecord[]) =>
  records.filter((record) => record.kind === "held-out") as HeldOutRecord[];

/** Keeps checkpoints in memory, as bytes of the trainer's tensors. */
class MemoryKeeper implements TrainingKeeper {
  readonly saved = new Map<number, { state: TrainingState; tensors: Map<string, Float32Array> }>();
  restored: number[] = [];
  async latest() {
    return [...this.saved.values()].at(-1)?.state;
  }
  async save(engine: TrainingEngine, state: TrainingState) {
    this.saved.delete(state.updateIndex);
    this.saved.set(state.updateIndex, { state: structuredClone(state), tensors: (engine as FakeTrainer).snapshot() });
  }
  async restore(engine: TrainingEngine, updateIndex: number) {
    this.restored.push(updateIndex);
    (engine as FakeTrainer).load(this.saved.get(updateIndex)?.tensors as Map<string, Float32Array>);
  }
}

test("training lowers the loss on the examples and on held-out problems, and the measures follow", async (t) => {
  const { records, end } = await run(optionsFor(new FakeTrainer({ loss: "binary" }), { epochs: 20 }));
  const losses = updates(records).map(({ loss }) => loss);
  t.true((losses.at(-1) as number) < (losses[0] as number) - 0.02, losses.join(" "));
  const [before, ...after] = evaluations(records);
  const last = after.at(-1) as HeldOutRecord;
  t.is(before?.updateIndex, 0);
  t.true(last.loss < (before?.loss as number));
  t.true((last.measures?.brierScore as number) < (before?.measures?.brierScore as number));
  t.is(last.measures?.n, heldOut.numPositions);
  t.deepEqual(end, { updates: losses.length, stopped: false, tokens: 20 * examples.numTokens });
});

test("every loss is trained by the same stage, a policy without measures", async (t) => {
  for (const loss of ["two-way", "squared"] as const) {
    const { records } = await run(optionsFor(new FakeTrainer({ loss }), { loss, epochs: 20 }));
    const [before, ...rest] = evaluations(records);
    t.true((rest.at(-1)?.loss as number) < (before?.loss as number), loss);
  }
  const store = policyExamples({ numProblems: 6, solutionsPerProblem: 2 });
  const trainer = new FakeTrainer({ loss: "next-token" });
  const { records } = await run(optionsFor(trainer, { loss: "next-token", heldOut: store, epochs: 10 }), store);
  const [before, ...rest] = evaluations(records);
  t.true((rest.at(-1)?.loss as number) < (before?.loss as number));
  t.is(before?.measures, undefined);
});

test("evaluations come before the first update, every so many updates, and after the last, each once", async (t) => {
  const { records } = await run(optionsFor(new FakeTrainer({ loss: "binary" }), { maxUpdates: 12 }));
  t.deepEqual(
    evaluations(records).map(({ updateIndex }) => updateIndex),
    [0, 5, 10, 12],
  );
  t.deepEqual(
    updates(records).map(({ updateIndex }) => updateIndex),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  t.is(
    records.findIndex((record) => record.kind === "held-out" && record.updateIndex === 5),
    6,
  );
});

test("without held-out problems nothing is evaluated", async (t) => {
  const trainer = new FakeTrainer({ loss: "binary" });
  const { records } = await run(optionsFor(trainer, { heldOut: undefined, maxUpdates: 3 }));
  t.is(records.length, 3);
  t.is(trainer.numEvaluations, 0);
});

test("the schedule is laid over the updates that are made", async (t) => {
  const schedule = { shape: "linear", peak: 0.1 } as const;
  const { records } = await run(optionsFor(new FakeTrainer({ loss: "binary" }), { maxUpdates: 4, schedule }));
  const rates = updates(records).map(({ learningRate }) => learningRate);
  t.true([0.1, 0.075, 0.05, 0.025].every((rate, k) => Math.abs(rate - (rates[k] as number)) < 1e-12));
});

test("a training broken off after any record and resumed from its last checkpoint ends with the same records and weights", async (t) => {
  const whole = new FakeTrainer({ loss: "binary" });
  const expected = (await run(optionsFor(whole))).records;
  for (let broken = 1; broken < expected.length; broken += 3) {
    const keeper = new MemoryKeeper();
    const records: TrainingRecord[] = [];
    const saveAt: number[] = [];
    const keep: TrainingKeeper = {
      latest: () => keeper.latest(),
      restore: (engine, index) => keeper.restore(engine, index),
      save: async (engine, state) => {
        saveAt.push(records.length);
        await keeper.save(engine, state);
      },
    };
    for await (const record of trainStage(
      examples,
      optionsFor(new FakeTrainer({ loss: "binary" }), { keeper: keep, checkpointEvery: 2 }),
    )) {
      records.push(record);
      if (records.length === broken) break;
    }
    records.length = saveAt.at(-1) ?? 0;
    const other = new FakeTrainer({ loss: "binary" });
    records.push(...(await run(optionsFor(other, { keeper, checkpointEvery: 7 }))).records);
    t.deepEqual(records, expected, `broken after ${broken} records`);
    t.deepEqual(other.snapshot(), whole.snapshot());
  }
});

test("an interruption writes a checkpoint of what is done, also in the middle of an evaluation, and nothing is lost", async (t) => {
  const whole = new FakeTrainer({ loss: "binary" });
  const expected = (await run(optionsFor(whole))).records;
  for (const stopAfter of [3, 12, 25, 40, 61]) {
    const keeper = new MemoryKeeper();
    const controller = new AbortController();
    let calls = 0;
    const trainer = new FakeTrainer({ loss: "binary" });
    const counted: TrainingEngine = {
      tensors: () => trainer.tensors(),
      accumulate: (batch) => counting(() => trainer.accumulate(batch)),
      evaluate: (batch) => counting(() => trainer.evaluate(batch)),
      update: (options) => trainer.update(options),
      writeTensors: (path, slots) => trainer.writeTensors(path, slots),
      readTensors: (path, slots) => trainer.readTensors(path, slots),
    };
    const counting = <T>(call: () => Promise<T>): Promise<T> => {
      calls += 1;
      if (calls === stopAfter) controller.abort();
      return call();
    };
    const records: TrainingRecord[] = [];
    const saving: TrainingKeeper = {
      latest: () => keeper.latest(),
      restore: (_, index) => keeper.restore(trainer, index),
      save: (_, state) => keeper.save(trainer, state),
    };
    const error = await t.throwsAsync<ErprmError>(async () => {
      for await (const record of trainStage(
        examples,
        optionsFor(counted, { keeper: saving, signal: controller.signal }),
      ))
        records.push(record);
    });
    t.is(error?.code, "ERPRM_ABORTED");
    if (keeper.saved.size === 0) records.length = 0;
    const other = new FakeTrainer({ loss: "binary" });
    records.push(...(await run(optionsFor(other, { keeper }))).records);
    t.deepEqual(records, expected, `interrupted at call ${stopAfter}`);
    t.deepEqual(other.snapshot(), whole.snapshot());
  }
});

test("early stopping ends the training and leaves the weights of the best evaluation", async (t) => {
  // A rate this high learns, then jumps about.
  const schedule = { shape: "constant", peak: 3 } as const;
  const keeper = new MemoryKeeper();
  const trainer = new FakeTrainer({ loss: "binary" });
  const more = { epochs: 40, schedule, earlyStopping: 2, keeper, evaluateEvery: 1, spikeFactor: 0 };
  const { records, end } = await run(optionsFor(trainer, more));
  const after = evaluations(records).filter(({ updateIndex }) => updateIndex > 0);
  const best = after.reduce((a, b) => (b.loss < a.loss ? b : a));
  t.true(end.stopped);
  t.is(end.updates, best.updateIndex);
  t.is(after.at(-1)?.updateIndex, best.updateIndex + 2);
  const again = new FakeTrainer({ loss: "binary" });
  await run(optionsFor(again, { ...more, earlyStopping: undefined, keeper: undefined, maxUpdates: best.updateIndex }));
  t.deepEqual(trainer.snapshot(), again.snapshot());
});

test("early stopping needs held-out problems and a keeper", async (t) => {
  const trainer = new FakeTrainer({ loss: "binary" });
  const without = { earlyStopping: 2, heldOut: undefined, keeper: new MemoryKeeper() };
  await t.throwsAsync(run(optionsFor(trainer, without)), { message: /only where problems are held out/ });
  await t.throwsAsync(run(optionsFor(trainer, { earlyStopping: 2 })), { message: /Expected keeper to be given/ });
});

test("a loss that is no number ends the training, naming update and sequence, before the weights change", async (t) => {
  const spoil = (losses: Float32Array, numUpdates: number) => {
    if (numUpdates === 3) losses[2] = Number.NaN;
  };
  const trainer = new FakeTrainer({ loss: "binary", spoil });
  const error = await t.throwsAsync<ErprmError>(run(optionsFor(trainer)));
  t.true(error instanceof ErprmError);
  t.is(error?.code, "ERPRM_NUMERICAL");
  t.regex(error?.message ?? "", /update 4 .*solution \d of problem "p\d+"/);
  t.is(error?.details.updateIndex, 4);
  t.is(trainer.numUpdates, 3);
});

test("a held-out loss that is no number is an error of the training, naming the update it follows and the solution", async (t) => {
  for (const broken of [0, 5, 10]) {
    const trainer = new FakeTrainer({ loss: "binary" });
    const engine = Object.assign(Object.create(trainer) as FakeTrainer, {
      tensors: () => trainer.tensors(),
      accumulate: trainer.accumulate.bind(trainer),
      update: trainer.update.bind(trainer),
      evaluate: async (batch: Parameters<FakeTrainer["evaluate"]>[0]) => {
        const result = await trainer.evaluate(batch);
        if (trainer.numUpdates === broken) result.losses[2] = Number.NaN;
        return result;
      },
    });
    const failing = run(optionsFor(engine, { tokensPerBatch: 100_000, tokensPerUpdate: 120 }));
    const error = await t.throwsAsync<ErprmError>(failing);
    // Two positions a solution: the third one is of the second solution.
    const details = { what: "held-out loss", updateIndex: broken, problemId: "p100", index: 1 };
    t.like(error, { code: "ERPRM_NUMERICAL", details });
    t.regex(error?.message ?? "", broken === 0 ? /that training starts from give it/ : /after update \d+ give it/);
  }
});

test("a spike ends the training unless it is allowed", async (t) => {
  const spoil = (losses: Float32Array, numUpdates: number) => {
    if (numUpdates === 17) losses.fill(400);
  };
  const failing = run(optionsFor(new FakeTrainer({ loss: "binary", spoil })));
  const error = await t.throwsAsync<ErprmError>(failing);
  t.is(error?.code, "ERPRM_NUMERICAL");
  t.is(error?.details.updateIndex, 18);
  await t.notThrowsAsync(run(optionsFor(new FakeTrainer({ loss: "binary", spoil }), { spikeFactor: 0 })));
});

test("a training of a few updates is guarded too: it ends at the second one when that is a spike", async (t) => {
  const spoil = (losses: Float32Array, numUpdates: number) => {
    if (numUpdates === 1) losses.fill(61);
  };
  const trainer = new FakeTrainer({ loss: "binary", spoil });
  const error = await t.throwsAsync<ErprmError>(run(optionsFor(trainer, { maxUpdates: 3 })));
  t.like(error, { code: "ERPRM_NUMERICAL", details: { what: "loss spike", updateIndex: 2 } });
  t.is(trainer.numUpdates, 1);
});

test("what is usual is measured by all losses, those before the last checkpoint too", async (t) => {
  const keeper = new MemoryKeeper();
  await run(optionsFor(new FakeTrainer({ loss: "binary" }), { keeper, checkpointEvery: 1, maxUpdates: 12 }));
  const { state } = keeper.saved.get(12) ?? {};
  t.true((state?.usualLoss as number) >= 0.69 && (state?.usualLoss as number) < 1);
});
