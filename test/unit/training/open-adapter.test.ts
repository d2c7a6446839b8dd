import { renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { openAdapter } from "../../../src/training/open-adapter.js";
import { writeAdapterDirectory } from "../../support/adapter-directory.js";
import { makeFolder } from "../../support/folder.js";

const layer = "base_model.model.model.layers.0.self_attn.q_proj";
const tensors = [
  { name: `${layer}.lora_A.weight`, type: "F32", shape: [4, 2], data: Buffer.alloc(32) },
  { name: `${layer}.lora_B.weight`, type: "BF16", shape: [2, 4], data: Buffer.alloc(16) },
];

test("tensors go by the names of the base model; the fingerprint is there where it was noted", async (t) => {
  const folder = makeFolder(t);
  writeAdapterDirectory(folder, tensors);
  const plain = await openAdapter(folder);
  t.deepEqual(
    [...plain.tensors].map(([name, { type, shape }]) => [name, type, shape]),
    [
      ["model.layers.0.self_attn.q_proj.lora_A.weight", "F32", [4, 2]],
      ["model.layers.0.self_attn.q_proj.lora_B.weight", "BF16", [2, 4]],
    ],
  );
  t.is(plain.baseFingerprint, undefined);
  writeAdapterDirectory(folder, tensors, { metadata: { format: "pt", base_fingerprint: "ab".repeat(32) } });
  t.is((await openAdapter(folder)).baseFingerprint, "ab".repeat(32));
});

test("a directory without an adapter is not found; that of the training names the one inside", async (t) => {
  const folder = makeFolder(t, { file: "" });
  const missing = { code: "ERPRM_NOT_FOUND" };
  await t.throwsAsync(openAdapter(join(folder, "none")), {
    ...missing,
    message: /LoRA adapter at .*found nothing there/,
  });
  await t.throwsAsync(openAdapter(join(folder, "file")), { ...missing, message: /LoRA adapter at .*found a file/ });
  await t.throwsAsync(openAdapter(folder), { ...missing, message: /Expected adapter_config\.json in .*found none$/ });
  writeAdapterDirectory(join(folder, "adapter"), tensors);
  await t.throwsAsync(openAdapter(folder), { ...missing, message: /found none; there is one in .*adapter: name that/ });
  rmSync(join(folder, "adapter", "adapter_model.safetensors"));
  const message = /Expected adapter_model\.safetensors in .*found none/;
  await t.throwsAsync(openAdapter(join(folder, "adapter")), { ...missing, message });
});

test("pickled weights are refused, torn ones and foreign names too", async (t) => {
  const folder = makeFolder(t);
  const invalid = { code: "ERPRM_INVALID_CHECKPOINT" };
  writeAdapterDirectory(folder, tensors);
  const weights = join(folder, "adapter_model.safetensors");
  truncateSync(weights, 200);
  await t.throwsAsync(openAdapter(folder), { ...invalid, message: /cut short/ });
  renameSync(weights, join(folder, "adapter_model.bin"));
  await t.throwsAsync(openAdapter(folder), {
    ...invalid,
    message: /found only adapter_model\.bin.*safe_serialization/,
  });
  writeAdapterDirectory(
    folder,
    tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace("base_model.", "") })),
  );
  await t.throwsAsync(openAdapter(folder), {
    ...invalid,
    message: /begin with base_model\.model\..*found tensor model/,
  });
  writeFileSync(join(folder, "adapter_config.json"), "[]");
  await t.throwsAsync(openAdapter(folder), {
    ...invalid,
    message: /adapter_config\.json: Expected the file to be a JSON/,
  });
});
