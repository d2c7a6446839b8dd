import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Checkpoint, LossName, NativeTrainer, TensorEntry, ValueHeadLayer } from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";
import { makeFolder } from "../support/folder.js";
import { loadTiny, writeTinyModel } from "../support/tiny-engine.js";
import {
  allLinears,
  createTinyTrainer,
  labelBatch,
  nextTokenBatch,
  slotsFor,
  updateOptions,
} from "../support/tiny-trainer.js";

const lengths = [17, 1, 64, 0, 33];

/** Every tensor of the trainer, moments included, as the bytes of a file. */
async function bytesOf(trainer: NativeTrainer, folder: string): Promise<Buffer> {
  const path = join(folder, "tensors");
  const { slots, size } = slotsFor(trainer);
  writeFileSync(path, Buffer.alloc(size));
  await trainer.writeTensors(path, slots);
  return readFileSync(path);
}

test("the loss of a token is minus its log-probability under the decoding engine", async (t) => {
  const directory = await writeTinyModel(t);
  const trainer = await createTinyTrainer(t, directory);
  const policy = await loadTiny(t, directory);
  const batch = nextTokenBatch(lengths);
  const { losses, scores } = await trainer.evaluate(batch);
  const logProbabilities = await policy.logProbabilities(batch.values, batch.offsets, 1);
  t.is(scores.length, 0);
  t.is(losses.length, batch.positions.length);
  for (const [p, position] of batch.positions.entries()) {
    t.true(Math.abs((losses[p] as number) + (logProbabilities[position + 1] as number)) < 2e-4, `position ${p}`);
  }
});

test("evaluation leaves gradients as they are and gives what accumulation gives", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  const batch = nextTokenBatch(lengths);
  const evaluated = await trainer.evaluate(batch);
  t.true((await trainer.gradient("model.norm.weight")).every((value) => value === 0));
  t.deepEqual(await trainer.accumulate(batch), evaluated);
  t.false((await trainer.gradient("model.norm.weight")).every((value) => value === 0));
});

test("a sequence's losses do not depend on the sequences beside it", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  const both = nextTokenBatch([20, 30]);
  const first = { ...nextTokenBatch([20]), weights: new Float32Array(19).fill(1) };
  const { losses } = await trainer.evaluate(both);
  t.deepEqual((await trainer.evaluate(first)).losses, losses.slice(0, 19));
});

for (const loss of ["next-token", "two-way", "binary", "squared"] satisfies LossName[]) {
  test(`${loss}: gradient checkpointing and more threads change no bit`, async (t) => {
    const directory = await writeTinyModel(t);
    const candidates = Int32Array.from(loss === "two-way" ? [5, 9] : []);
    const batch = loss === "next-token" ? nextTokenBatch(lengths) : labelBatch(lengths);
    const trained: Buffer[] = [];
    for (const options of [{}, { gradientCheckpointing: true, threads: 2 }, { threads: 3 }]) {
      const trainer = await createTinyTrainer(t, directory, { loss, candidates, ...options });
      for (let updateIndex = 1; updateIndex <= 3; updateIndex++) {
        await trainer.accumulate(batch);
        await trainer.update(updateOptions(updateIndex));
      }
      trained.push(await bytesOf(trainer, makeFolder(t)));
    }
    t.deepEqual(trained[1], trained[0]);
    t.deepEqual(trained[2], trained[0]);
  });

  test(`${loss}: repeated updates on one batch bring its loss down`, async (t) => {
    const candidates = Int32Array.from(loss === "two-way" ? [5, 9] : []);
    const trainer = await createTinyTrainer(t, await writeTinyModel(t), { loss, candidates });
    const batch = loss === "next-token" ? nextTokenBatch(lengths) : labelBatch(lengths);
    const mean = ({ losses }: { losses: Float32Array }) => losses.reduce((a, b) => a + b, 0) / losses.length;
    const before = mean(await trainer.evaluate(batch));
    for (let updateIndex = 1; updateIndex <= 30; updateIndex++) {
      await trainer.accumulate(batch);
      await trainer.update(updateOptions(updateIndex, { learningRate: 5e-3 }));
    }
    const { losses, scores } = await trainer.evaluate(batch);
    t.true(mean({ losses }) < 0.8 * before, `${before} -> ${mean({ losses })}`);
    t.true(scores.every((score) => score > 0 && score < 1));
  });
}

test("tensors that were written and read back go on to the very same bits", async (t) => {
  const directory = await writeTinyModel(t);
  const folder = makeFolder(t);
  const batch = nextTokenBatch(lengths);
  const train = async (trainer: NativeTrainer, from: number, to: number) => {
    for (let updateIndex = from; updateIndex <= to; updateIndex++) {
      await trainer.accumulate(batch);
      await trainer.update(updateOptions(updateIndex));
    }
  };
  const whole = await createTinyTrainer(t, directory);
  await train(whole, 1, 4);
  const half = await createTinyTrainer(t, directory);
  await train(half, 1, 2);
  const path = join(folder, "half");
  const { slots, size } = slotsFor(half);
  writeFileSync(path, Buffer.alloc(size));
  await half.writeTensors(path, slots);
  const resumed = await createTinyTrainer(t, directory);
  await resumed.readTensors(path, slots);
  await train(resumed, 3, 4);
  t.deepEqual(await bytesOf(resumed, folder), await bytesOf(whole, folder));
});

test("an adapter begins as the model and changes only what it adapts; merged, it scores as it did", async (t) => {
  const directory = await writeTinyModel(t);
  const lora = { loraRank: 4, loraAlpha: 8, loraTargets: allLinears };
  const plain = await createTinyTrainer(t, directory);
  const adapted = await createTinyTrainer(t, directory, lora);
  const batch = nextTokenBatch(lengths);
  t.deepEqual(await adapted.evaluate(batch), await plain.evaluate(batch));

  for (let updateIndex = 1; updateIndex <= 5; updateIndex++) {
    await adapted.accumulate(batch);
    await adapted.update(updateOptions(updateIndex, { learningRate: 1e-2 }));
  }
  const path = join(makeFolder(t), "merged");
  const { slots, size } = slotsFor(plain, (name) => !name.includes("_moment."));
  writeFileSync(path, Buffer.alloc(size));
  await adapted.writeTensors(
    path,
    slots.map((slot) => ({ ...slot, merged: true })),
  );
  await plain.readTensors(path, slots);
  const { losses } = await plain.evaluate(batch);
  const expected = (await adapted.evaluate(batch)).losses;
  for (const [p, value] of losses.entries()) t.true(Math.abs(value - (expected[p] as number)) < 1e-4);
  const tensors = adapted.tensors().filter(({ trained }) => trained);
  t.true(tensors.every(({ name, kind }) => kind === "adapter" && /\.lora_[AB]\.weight$/.test(name)));
  t.is(tensors.length, 2 * 7 * 3);
});

test("weights that are drawn are a function of the seed, whatever the threads", async (t) => {
  const directory = await writeTinyModel(t);
  const initialise = { initialise: true, initialRange: 0.05 };
  const empty = (checkpoint: Checkpoint) => ({ ...checkpoint, files: [], tensors: [] });
  const weights = async (options: object) => {
    const trainer = await createTinyTrainer(t, directory, { ...initialise, ...options }, empty);
    return bytesOf(trainer, makeFolder(t));
  };
  const one = await weights({ seed: 1n });
  t.deepEqual(await weights({ seed: 1n, threads: 3 }), one);
  t.notDeepEqual(await weights({ seed: 2n }), one);
  // The embedding comes first: [288, 64].
  const embedding = new Float32Array(one.buffer, one.byteOffset, 288 * 64);
  const mean = embedding.reduce((sum, value) => sum + value, 0) / embedding.length;
  const variance = embedding.reduce((sum, value) => sum + (value - mean) ** 2, 0) / embedding.length;
  t.true(Math.abs(mean) < 1.5e-3, `mean ${mean}`);
  t.true(Math.abs(Math.sqrt(variance) / 0.05 - 1) < 0.03, `deviation ${Math.sqrt(variance)}`);
});

test("gradients that are not finite are an error that names the update, and leave the weights alone", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  const folder = makeFolder(t);
  const before = await bytesOf(trainer, folder);
  const batch = nextTokenBatch([30]);
  await trainer.accumulate({ ...batch, weights: batch.weights.map(() => 3e38) });
  await trainer.accumulate({ ...batch, weights: batch.weights.map(() => 3e38) });
  const error = await t.throwsAsync(trainer.update(updateOptions(7)), { code: "ERPRM_NUMERICAL", message: /update 7/ });
  t.is((error as unknown as { details: { updateIndex: number } }).details.updateIndex, 7);
  t.deepEqual(await bytesOf(trainer, folder), before);
  t.true((await trainer.gradient("model.norm.weight")).every((value) => value === 0));
});

test("a batch that does not fit the model is refused, naming what and where", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  const batch = nextTokenBatch([5, 6]);
  const refused = async (changes: object, message: RegExp) => {
    await t.throwsAsync(trainer.accumulate({ ...batch, ...changes }), { code: "ERPRM_INVALID_ARGUMENT", message });
  };
  await refused({ values: batch.values.map(() => 288) }, /batch\.values\[0\] .* 287, received 288/);
  await refused({ tokens: batch.tokens.map(() => -1) }, /batch\.tokens\[0\]/);
  await refused({ offsets: Int32Array.of(0, 5) }, /batch\.offsets\[1\] to be 11/);
  await refused({ positions: batch.positions.map(() => 3) }, /batch\.positions\[1\] to be from 4/);
  await refused({ weights: new Float32Array(2) }, /batch\.weights to have 9 entries, received 2/);
  await refused({ weights: batch.weights.map(() => -1) }, /batch\.weights\[0\]/);
  await refused({ labels: new Float32Array(9) }, /batch\.labels to have 0 entries/);
  await refused(nextTokenBatch([300]), /sequence 0 to have at most 256 tokens, received 300/);
  const labelled = await createTinyTrainer(t, await writeTinyModel(t), { loss: "binary" });
  const labels = labelBatch([9]);
  await t.throwsAsync(labelled.accumulate({ ...labels, labels: labels.labels.map(() => 1.5) }), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /batch\.labels\[0\] to be from 0 to 1, received 1\.5/,
  });
});

test("numbers that are not finite are refused in a batch, and what is refused leaves the gradients alone", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t), { loss: "squared" });
  const batch = labelBatch([9]);
  await trainer.accumulate(batch);
  const before = await trainer.gradient("score.weight");
  t.false(before.every((value) => value === 0));
  for (const key of ["labels", "weights"] as const) {
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const changed = { ...batch, [key]: batch[key].map(() => number) };
      const message = new RegExp(`batch\\.${key}\\[0\\] .* received ${number}`);
      await t.throwsAsync(trainer.accumulate(changed), { code: "ERPRM_INVALID_ARGUMENT", message });
    }
  }
  t.deepEqual(await trainer.gradient("score.weight"), before);
});

test("batches without tokens or without positions train nothing; a single token trains as it does among others", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  for (const lengths of [[], [0], [0, 1, 0], [1]]) {
    const { losses } = await trainer.accumulate(nextTokenBatch(lengths));
    t.is(losses.length, 0);
  }
  const none = { positions: new Int32Array(0), tokens: new Int32Array(0), weights: new Float32Array(0) };
  await trainer.accumulate({ ...nextTokenBatch([30]), ...none });
  t.true((await trainer.gradient("model.embed_tokens.weight")).every((value) => value === 0));

  const one = { ...nextTokenBatch([1]), positions: Int32Array.of(0), tokens: Int32Array.of(7) };
  const alone = await trainer.accumulate({ ...one, weights: Float32Array.of(1) });
  const others = nextTokenBatch([1, 40, 3]);
  const among = await createTinyTrainer(t, await writeTinyModel(t));
  const { losses } = await among.accumulate({
    ...others,
    positions: Int32Array.of(0, ...others.positions),
    tokens: Int32Array.of(7, ...others.tokens),
    weights: Float32Array.of(1, ...others.weights.map(() => 0)),
  });
  t.is(losses[0], alone.losses[0]);
  for (const name of ["model.embed_tokens.weight", "model.layers.0.self_attn.v_proj.weight", "model.norm.weight"]) {
    const expected = await trainer.gradient(name);
    const gradient = await among.gradient(name);
    t.true(
      gradient.every((value, i) => Math.abs(value - (expected[i] as number)) < 1e-7),
      name,
    );
    t.false(
      gradient.every((value) => value === 0),
      name,
    );
  }
});

test("a label of 0 or 1 at a saturated score has a finite loss and gradient", async (t) => {
  const directory = await writeTinyModel(t);
  for (const loss of ["binary", "squared"] as const) {
    const trainer = await createTinyTrainer(t, directory, { loss });
    const path = join(makeFolder(t), "head");
    for (const logit of [1e4, -1e4]) {
      writeFileSync(path, Buffer.from(Float32Array.of(logit).buffer));
      await trainer.readTensors(path, [{ name: "score.bias", type: "F32", offset: 0, merged: false }]);
      const batch = { ...labelBatch([5]), labels: Float32Array.of(0, 1), weights: Float32Array.of(1, 1) };
      const { losses, scores } = await trainer.accumulate(batch);
      const wrong = loss === "binary" ? 1e4 : 1;
      const [atZero, atOne] = logit > 0 ? [wrong, 0] : [0, wrong];
      t.true(
        Math.abs((losses[0] as number) - atZero) < 10 && Math.abs((losses[1] as number) - atOne) < 10,
        `${losses}`,
      );
      t.deepEqual([...scores], logit > 0 ? [1, 1] : [0, 0]);
      t.true((await trainer.gradient("score.weight")).every(Number.isFinite));
    }
  }
});

test("what cannot be trained is refused when the trainer is made", async (t) => {
  const directory = await writeTinyModel(t);
  const refused = (options: object, message: RegExp, code = "ERPRM_INVALID_ARGUMENT") =>
    t.throwsAsync(createTinyTrainer(t, directory, options), { code, message });
  await refused({ loss: "cross" }, /options\.loss/);
  await refused({ loss: "two-way" }, /options\.candidates to have 2 entries/);
  await refused({ loss: "two-way", candidates: Int32Array.of(3, 3) }, /two different tokens/);
  await refused({ loss: "two-way", candidates: Int32Array.of(3, 288) }, /candidates from 0 to 287, received 288/);
  await refused({ loraRank: 4, loraTargets: ["wte"] }, /names of linear layers .* received wte/);
  await refused({ loraRank: 4 }, /loraTargets to name at least one/);
  await refused({ computeType: "bf16" }, /f32 on the CPU/);
  await refused({ device: "gpu" }, /cpu, cuda or cuda:INDEX/);
  const noDevice = "ERPRM_DEVICE_UNAVAILABLE";
  if (!loadNative().buildInfo.cuda) await refused({ device: "cuda" }, /received cuda/, noDevice);
  for (const device of ["cuda:99", "cuda:999", "cuda:99999999999"])
    await refused({ device }, /received cuda:9/, noDevice);
});

test("a value head that is not the trained kind is refused, not replaced by a new one", async (t) => {
  const directory = await writeTinyModel(t);
  const refused = (loss: LossName, valueHead: ValueHeadLayer[], message: RegExp) => {
    const options = { loss, candidates: Int32Array.from(loss === "two-way" ? [5, 9] : []) };
    const trainer = createTinyTrainer(t, directory, options, (checkpoint) => ({ ...checkpoint, valueHead }));
    return t.throwsAsync(trainer, { code: "ERPRM_INVALID_CHECKPOINT", message });
  };
  const layer = { name: "score", outputs: 1, bias: true };
  await refused(
    "binary",
    [{ ...layer, name: "score.0", outputs: 64 }, layer],
    /received 2 layers, the first score\.0 with 64/,
  );
  await refused("squared", [{ ...layer, name: "v_head" }], /received 1 layers, the first v_head/);
  await refused("binary", [{ ...layer, outputs: 2 }], /with 2 outputs/);
  await refused("next-token", [layer], /reads the output matrix/);
  await refused("two-way", [layer], /reads the output matrix/);
});

test("a value head is drawn anew with all other weights, whatever the checkpoint holds", async (t) => {
  const directory = await writeTinyModel(t);
  const options = { loss: "binary", initialise: true, seed: 4n } as const;
  const withHead = (checkpoint: Checkpoint): Checkpoint => {
    const norm = checkpoint.tensors.find(({ name }) => name === "model.norm.weight") as TensorEntry;
    const tensors = [...checkpoint.tensors, { ...norm, name: "score.weight", shape: [1, 64] }];
    return { ...checkpoint, tensors, valueHead: [{ name: "score", outputs: 1, bias: false }] };
  };
  const folder = makeFolder(t);
  const drawn = await bytesOf(await createTinyTrainer(t, directory, options), folder);
  t.deepEqual(await bytesOf(await createTinyTrainer(t, directory, options, withHead), folder), drawn);
  const stored = { ...options, initialise: false };
  const plain = await bytesOf(await createTinyTrainer(t, directory, stored), folder);
  t.notDeepEqual(await bytesOf(await createTinyTrainer(t, directory, stored, withHead), folder), plain);
});

test("an update without an epsilon is refused: it would make NaN of every weight without a gradient", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  const folder = makeFolder(t);
  const before = await bytesOf(trainer, folder);
  for (const epsilon of [0, 1e-60]) {
    const refused = { code: "ERPRM_INVALID_ARGUMENT", message: /options\.epsilon/ };
    await t.throwsAsync(trainer.update(updateOptions(1, { epsilon })), refused);
  }
  t.deepEqual(await bytesOf(trainer, folder), before);
});

test("a disposed trainer refuses every call; disposing again is harmless", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  const running = trainer.accumulate(nextTokenBatch([40]));
  await trainer.dispose();
  await t.notThrowsAsync(running);
  await trainer.dispose();
  const refused = { code: "ERPRM_DISPOSED" };
  await t.throwsAsync(trainer.accumulate(nextTokenBatch([4])), refused);
  await t.throwsAsync(trainer.evaluate(nextTokenBatch([4])), refused);
  await t.throwsAsync(trainer.update(updateOptions(1)), refused);
  await t.throwsAsync(trainer.gradient("model.norm.weight"), refused);
  await t.throwsAsync(trainer.writeTensors("nowhere", []), refused);
  t.throws(() => trainer.tensors(), refused);
});

test("places that cannot be written or read are errors that name the file or the tensor", async (t) => {
  const trainer = await createTinyTrainer(t, await writeTinyModel(t));
  const path = join(makeFolder(t), "tensors");
  const slot = { name: "model.norm.weight", type: "F32", offset: 0, merged: false } as const;
  await t.throwsAsync(trainer.writeTensors(path, [slot]), { code: "ERPRM_NOT_FOUND", message: /tensors/ });
  writeFileSync(path, Buffer.alloc(8));
  await t.throwsAsync(trainer.readTensors(path, [slot]), { code: "ERPRM_IO", message: /at least 256 bytes/ });
  writeFileSync(path, Buffer.alloc(256, 0xff));
  await t.throwsAsync(trainer.readTensors(path, [slot]), { code: "ERPRM_INVALID_CHECKPOINT", message: /finite/ });
  const other = { ...slot, name: "model.norm.bias" };
  await t.throwsAsync(trainer.readTensors(path, [other]), { code: "ERPRM_INVALID_ARGUMENT", message: /norm\.bias/ });
});
