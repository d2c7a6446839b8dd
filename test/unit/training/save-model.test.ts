import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openModel } from "../../../src/model/open-model.js";
import { readSafetensors } from "../../../src/model/safetensors.js";
import type { NativeAddon, TrainerTensor } from "../../../src/native/contract.js";
import { planAdapter } from "../../../src/training/save-adapter.js";
import { saveModel } from "../../../src/training/save-model.js";
import { planWeights } from "../../../src/training/save-weights.js";
import type { TrainingEngine } from "../../../src/training/trainer.js";
import { openTrainingBase } from "../../../src/training/training-base.js";
import { makeFolder } from "../../support/folder.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";

/** An engine with the tensors of the model that writes zeros: what counts here is names, places and files. */
function engineOf(tensors: TrainerTensor[]): TrainingEngine {
  const none = () => Promise.reject(new Error("not here"));
  return {
    tensors: () => tensors,
    accumulate: none,
    evaluate: none,
    update: none,
    readTensors: none,
    writeTensors: async () => {},
  };
}

async function openBase(t: ExecutionContext, name: string) {
  const folder = makeFolder(t);
  await writeRandomModel(join(folder, "base"), parityModels[name] as RandomModel, 1);
  writeFileSync(join(folder, "base", "generation_config.json"), '{ "eos_token_id":  256 }');
  writeFileSync(join(folder, "base", "notes.txt"), "stays");
  const base = await openTrainingBase(join(folder, "base"), {}, () => ({}) as NativeAddon);
  const tensors = base.opened.checkpoint.tensors.map(({ name: tensor, shape }) => ({
    name: tensor,
    shape,
    kind: "parameter" as const,
    trained: true,
  }));
  return { folder, base, tensors, out: makeFolder(t) };
}

const score: TrainerTensor[] = [
  { name: "score.weight", shape: [1, 64], kind: "parameter", trained: true },
  { name: "score.bias", shape: [1], kind: "parameter", trained: true },
];

for (const name of Object.keys(parityModels)) {
  test(`a saved ${name} opens as the same network`, async (t) => {
    const { base, tensors, out } = await openBase(t, name);
    await saveModel(engineOf(tensors), base, out, { type: "F32" });
    const saved = await openModel(out);
    t.deepEqual(saved.checkpoint.config, base.opened.checkpoint.config);
    t.deepEqual(
      saved.checkpoint.tensors.map((tensor) => tensor.name),
      base.opened.checkpoint.tensors.map((tensor) => tensor.name),
    );
    t.deepEqual(saved.notes, []);
  });
}

test("a value head takes the place of the output matrix, in weights and config", async (t) => {
  const { base, tensors, out } = await openBase(t, "llama");
  await saveModel(engineOf([...tensors, ...score]), base, out, { type: "BF16" });
  const { checkpoint } = await openModel(out);
  t.deepEqual(checkpoint.valueHead, [{ name: "score", outputs: 1, bias: true }]);
  const stored = await readSafetensors(join(out, "model.safetensors"));
  t.false(stored.some((tensor) => tensor.name === "lm_head.weight"));
  const config = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  t.deepEqual(config.architectures, ["LlamaForTokenClassification"]);
  t.deepEqual(config.id2label, { "0": "correct" });
  t.is(config.torch_dtype, "bfloat16");
});

test("what a read-only base lends can be written in the saved model", async (t) => {
  const { folder, base, tensors, out } = await openBase(t, "llama");
  chmodSync(join(folder, "base", "tokenizer.json"), 0o444);
  await saveModel(engineOf(tensors), base, out, { type: "F32" });
  t.is(statSync(join(out, "tokenizer.json")).mode & 0o200, 0o200);
});

test("tokenizer and generation settings are copied byte for byte, other files are not", async (t) => {
  const { folder, base, tensors, out } = await openBase(t, "llama");
  await saveModel(engineOf(tensors), base, out, { type: "F32" });
  t.deepEqual(readdirSync(out).sort(), [
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  for (const name of ["tokenizer.json", "tokenizer_config.json", "generation_config.json"]) {
    t.deepEqual(readFileSync(join(out, name)), readFileSync(join(folder, "base", name)));
  }
});

test("large weights fill several files with an index, and leave no older weights beside them", async (t) => {
  const { base, tensors, out } = await openBase(t, "llama");
  await saveModel(engineOf(tensors), base, out, { type: "F32" });
  await saveModel(engineOf(tensors), base, out, { type: "F32", maxFileBytes: 200_000 });
  const files = readdirSync(out).filter((name) => name.includes("safetensors"));
  t.true(files.length > 3, files.join());
  t.false(files.includes("model.safetensors"));
  const { checkpoint } = await openModel(out);
  t.deepEqual(checkpoint.config, base.opened.checkpoint.config);
  await saveModel(engineOf(tensors), base, out, { type: "F32" });
  t.deepEqual(
    readdirSync(out).filter((name) => name.includes("safetensors")),
    ["model.safetensors"],
  );
});

test("a tensor larger than a file has one of its own, and none is lost or doubled", (t) => {
  const sizes = [100, 5000, 10, 10, 3000, 1];
  const tensors = sizes.map((size, i) => ({ name: `t${i}`, shape: [size], kind: "parameter" as const, trained: true }));
  const files = planWeights(tensors, "F32", { maxBytes: 12_000 });
  t.deepEqual(
    files.map((file) => file.tensors.map(({ name }) => name)),
    [["t0"], ["t1"], ["t2", "t3"], ["t4"], ["t5"]],
  );
  t.deepEqual(
    files.map(({ name }) => name),
    [1, 2, 3, 4, 5].map((k) => `model-0000${k}-of-00005.safetensors`),
  );
});

test("adapters are named as PEFT has them, the value head beside them, moments never", (t) => {
  const tensors: TrainerTensor[] = [
    { name: "model.layers.0.self_attn.q_proj.weight", shape: [8, 8], kind: "parameter", trained: false },
    { name: "model.layers.0.self_attn.q_proj.lora_A.weight", shape: [2, 8], kind: "adapter", trained: true },
    { name: "model.layers.0.self_attn.q_proj.lora_B.weight", shape: [8, 2], kind: "adapter", trained: true },
    ...score,
    { name: "first_moment.score.weight", shape: [1, 64], kind: "moment", trained: false },
  ];
  const names = (head: "value-head" | "language-model") => planAdapter(tensors, head).map(({ name }) => name);
  const adapter = ["A", "B"].map((which) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${which}.weight`);
  t.deepEqual(names("language-model"), adapter);
  t.deepEqual(names("value-head"), [...adapter, "base_model.model.score.weight", "base_model.model.score.bias"]);
  const merged = planWeights(tensors, "F32").flatMap((file) => file.tensors.filter((tensor) => tensor.merged));
  t.deepEqual(
    merged.map(({ name }) => name),
    ["model.layers.0.self_attn.q_proj.weight"],
  );
});

test("a directory is no model before everything is there: what fails leaves no config.json and no leftovers", async (t) => {
  const { base, tensors, out } = await openBase(t, "llama");
  await saveModel(engineOf(tensors), base, out, { type: "F32" });
  const before = readdirSync(out).sort();
  const failing = { ...engineOf(tensors), writeTensors: () => Promise.reject(new Error("disk")) };
  await t.throwsAsync(saveModel(failing, base, out, { type: "F32" }));
  t.deepEqual(readdirSync(out).sort(), before, "what was there is still there");
  const fresh = makeFolder(t);
  await t.throwsAsync(saveModel(failing, base, fresh, { type: "F32" }));
  t.deepEqual(readdirSync(fresh), []);
  t.false(existsSync(join(fresh, "config.json")));
});
