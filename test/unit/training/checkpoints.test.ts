import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { ErprmError } from "../../../src/errors.js";
import { Checkpoints } from "../../../src/training/checkpoints.js";
import { initialState, type TrainingState } from "../../../src/training/training-state.js";
import { FakeTrainer } from "../../support/fake-trainer.js";
import { makeFolder } from "../../support/folder.js";

const state = (updateIndex: number, more: Partial<TrainingState> = {}): TrainingState => ({
  ...initialState(false),
  updateIndex,
  logBytes: 10 * updateIndex,
  recentLosses: [0.1, 1 / 3],
  tokens: 100 * updateIndex,
  ...more,
});

const update = { learningRate: 0.1, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01, maxGradientNorm: 1 };
const batch = {
  values: Int32Array.of(1, 2, 3),
  offsets: Int32Array.of(0, 3),
  positions: Int32Array.of(1, 2),
  tokens: new Int32Array(0),
  labels: Float32Array.of(1, 0),
  weights: Float32Array.of(0.5, 0.5),
};

async function trained(updates: number, seed = 1): Promise<FakeTrainer> {
  const trainer = new FakeTrainer({ loss: "binary", seed });
  for (let updateIndex = 1; updateIndex <= updates; updateIndex += 1) {
    await trainer.accumulate(batch);
    await trainer.update({ ...update, updateIndex });
  }
  return trainer;
}

const names = (directory: string) => readdirSync(directory).sort();

test("a checkpoint brings a new trainer to the same state, to the bit, and back to the same updates", async (t) => {
  const checkpoints = new Checkpoints(join(makeFolder(t), "checkpoints"), "run");
  t.is(await checkpoints.latest(), undefined);
  const trainer = await trained(3);
  await checkpoints.save(trainer, state(3));
  const other = new FakeTrainer({ loss: "binary" });
  const found = await checkpoints.latest();
  t.deepEqual(found, state(3));
  await checkpoints.restore(other, 3);
  t.deepEqual(other.snapshot(), trainer.snapshot());
  await other.accumulate(batch);
  await other.update({ ...update, updateIndex: 4 });
  t.deepEqual(other.snapshot(), (await trained(4)).snapshot());
});

test("two checkpoints are kept, and the one that early stopping may go back to", async (t) => {
  const directory = join(makeFolder(t), "checkpoints");
  const checkpoints = new Checkpoints(directory, "run");
  const trainer = await trained(1);
  for (let updateIndex = 1; updateIndex <= 12; updateIndex += 1) {
    const best = updateIndex < 3 ? undefined : { updateIndex: updateIndex < 11 ? 3 : 11, loss: 0.5 };
    await checkpoints.save(trainer, state(updateIndex, best && { best }));
    if (updateIndex === 6) t.deepEqual(names(directory), ["update-3", "update-5", "update-6"]);
  }
  t.deepEqual(names(directory), ["update-11", "update-12"]);
  await checkpoints.clear();
  t.is(await checkpoints.latest(), undefined);
});

test("a best checkpoint that only an older kept one refers to stays as long as that one", async (t) => {
  const directory = join(makeFolder(t), "checkpoints");
  const checkpoints = new Checkpoints(directory, "run");
  const trainer = await trained(1);
  await checkpoints.save(trainer, state(2, { best: { updateIndex: 2, loss: 0.5 } }));
  await checkpoints.save(trainer, state(4, { best: { updateIndex: 2, loss: 0.5 } }));
  await checkpoints.save(trainer, state(6, { best: { updateIndex: 6, loss: 0.4 } }));
  t.deepEqual(names(directory), ["update-2", "update-4", "update-6"]);
});

const tears: Record<string, (checkpoint: string) => void> = {
  "tensors cut short": (path) => truncateSync(join(path, "tensors.safetensors"), 40),
  "a state that is no JSON": (path) => writeFileSync(join(path, "state.json"), '{"version":1,'),
  "a state of another update": (path) => {
    const file = join(path, "state.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"updateIndex": 5', '"updateIndex": 6'));
  },
  "an empty state": (path) => writeFileSync(join(path, "state.json"), ""),
};
for (const [what, tear] of Object.entries(tears)) {
  test(`of checkpoints with ${what} the one before is taken, with a note`, async (t) => {
    const directory = join(makeFolder(t), "checkpoints");
    const notes: string[] = [];
    const checkpoints = new Checkpoints(directory, "run", (note) => notes.push(note));
    const trainer = await trained(1);
    await checkpoints.save(trainer, state(4));
    await checkpoints.save(trainer, state(5));
    tear(join(directory, "update-5"));
    t.is((await checkpoints.latest())?.updateIndex, 4);
    t.is(notes.length, 1);
    t.regex(notes[0] as string, /update-5 cannot be used/);
  });
}

test("what a killed process left unfinished is removed and never read", async (t) => {
  const directory = join(makeFolder(t), "checkpoints");
  const checkpoints = new Checkpoints(directory, "run");
  await checkpoints.save(await trained(1), state(4));
  const left = join(directory, ".update-5.4711-0a1b2c3d.tmp");
  writeFileSync(left, "half");
  t.is((await checkpoints.latest())?.updateIndex, 4);
  t.deepEqual(names(directory), ["update-4"]);
});

test("a checkpoint of another run is refused, and so is one of another model", async (t) => {
  const directory = join(makeFolder(t), "checkpoints");
  await new Checkpoints(directory, "run").save(await trained(1), state(4));
  const other = await t.throwsAsync<ErprmError>(new Checkpoints(directory, "another").latest());
  t.is(other?.code, "ERPRM_RUN_CONFLICT");
  const wider = new FakeTrainer({ loss: "binary", hiddenSize: 16 });
  const error = await t.throwsAsync<ErprmError>(new Checkpoints(directory, "run").restore(wider, 4));
  t.is(error?.code, "ERPRM_INVALID_CHECKPOINT");
  t.regex(error?.message ?? "", /Expected tensor score\.weight to be F32 \[1, 16\], found F32 \[1, 8\]/);
  const languageModel = new FakeTrainer({ loss: "two-way" });
  const missing = await t.throwsAsync<ErprmError>(new Checkpoints(directory, "run").restore(languageModel, 4));
  t.regex(missing?.message ?? "", /found nothing in .*another model or adapter/);
});

test("a checkpoint that fails to be written leaves the earlier ones", async (t) => {
  const directory = join(makeFolder(t), "checkpoints");
  const checkpoints = new Checkpoints(directory, "run");
  const trainer = await trained(1);
  await checkpoints.save(trainer, state(4));
  trainer.writeTensors = () => Promise.reject(new Error("disk"));
  await t.throwsAsync(checkpoints.save(trainer, state(5)));
  t.deepEqual(names(directory), ["update-4"]);
});
