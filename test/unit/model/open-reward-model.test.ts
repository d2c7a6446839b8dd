/** Opening of models that score instead of writing, of directories without weights, and of what `train` leaves in one. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openModel } from "../../../src/model/open-model.js";
import { Policy } from "../../../src/policy/policy.js";
import { makeFolder } from "../../support/folder.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";
import { scoringModels } from "../../support/scoring-models.js";

const llama = parityModels.llama as RandomModel;

async function makeModel(t: ExecutionContext, model: RandomModel = llama): Promise<string> {
  const directory = makeFolder(t);
  await writeRandomModel(directory, model, 1);
  return directory;
}

const write = (directory: string, name: string, value: unknown) =>
  writeFileSync(join(directory, name), JSON.stringify(value));

for (const [name, { candidates, ...model }] of Object.entries(scoringModels)) {
  test(`${name} opens with ${candidates.length > 0 ? "no value head" : "its value head and no output matrix"}`, async (t) => {
    const { checkpoint, notes } = await openModel(await makeModel(t, model));
    t.is(checkpoint.valueHead.length > 0, candidates.length === 0);
    t.is(
      checkpoint.tensors.some((tensor) => tensor.name === "lm_head.weight"),
      candidates.length > 0 && !checkpoint.config.tiedEmbeddings,
    );
    for (const layer of checkpoint.valueHead) {
      t.true(checkpoint.tensors.some((tensor) => tensor.name === `${layer.name}.weight`));
    }
    t.deepEqual(notes, []);
  });
}

test("a policy refuses a model with a value head, saying that it is a reward model", async (t) => {
  const directory = await makeModel(t, scoringModels["llama-token-classification"]);
  const error = await t.throwsAsync(Policy.load(directory), {
    message: /found the reward model .*: it has a value head/,
  });
  t.like(error, { code: "ERPRM_INVALID_CHECKPOINT", details: { path: directory } });
});

test("another reward_model.json makes another fingerprint; what training leaves beside the model does not", async (t) => {
  const directory = await makeModel(t);
  const fingerprint = async () => (await openModel(directory)).fingerprint;
  const plain = await fingerprint();
  write(directory, "manifest.json", {});
  write(directory, "training.jsonl", {});
  mkdirSync(join(directory, "checkpoint"));
  write(directory, "checkpoint/model.safetensors", {});
  t.is(await fingerprint(), plain);
  write(directory, "reward_model.json", { aggregate: "min" });
  const scored = await fingerprint();
  t.not(scored, plain);
  write(directory, "reward_model.json", { aggregate: "last" });
  t.not(await fingerprint(), scored);
});

test("a directory without weights opens with an empty tensor list only when that is asked for", async (t) => {
  const directory = await makeModel(t);
  const whole = await openModel(directory, { weights: "optional" });
  t.true(whole.checkpoint.tensors.length > 0, "weights that are there are read");
  t.is(whole.fingerprint, (await openModel(directory)).fingerprint);
  rmSync(join(directory, "model.safetensors"));
  const empty = await openModel(directory, { weights: "optional" });
  t.deepEqual([empty.checkpoint.tensors, empty.checkpoint.files, empty.checkpoint.valueHead], [[], [], []]);
  t.is(empty.checkpoint.config.hiddenSize, 64);
  t.not(empty.fingerprint, whole.fingerprint);
  for (const options of [{}, { weights: "required" as const }]) {
    await t.throwsAsync(openModel(directory, options), { code: "ERPRM_NOT_FOUND", message: /model\.safetensors/ });
  }
  await t.throwsAsync(Policy.load(directory), { code: "ERPRM_NOT_FOUND" });
});

test("a reward model without weights opens with the value head of its config", async (t) => {
  const directory = await makeModel(t, scoringModels["qwen3-token-classification"]);
  rmSync(join(directory, "model.safetensors"));
  const { checkpoint } = await openModel(directory, { weights: "optional" });
  t.deepEqual(checkpoint.valueHead, [{ name: "score", outputs: 3, bias: true }]);
});

test("a PEFT adapter is refused with the way to a model, beside a config too", async (t) => {
  const directory = makeFolder(t, { "adapter_config.json": "{}", "adapter_model.safetensors": "" });
  const refusal = {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /PEFT adapter .*merge it .*train --lora-rank.*train --adapter/,
  };
  await t.throwsAsync(openModel(directory), refusal);
  await t.throwsAsync(openModel(directory, { weights: "optional" }), refusal);
  write(directory, "config.json", llama.config);
  await t.throwsAsync(openModel(directory), refusal);
  const merged = await makeModel(t);
  write(merged, "adapter_config.json", {});
  await t.notThrowsAsync(openModel(merged));
});
