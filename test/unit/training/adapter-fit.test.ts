import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { LossName, NativeAddon } from "../../../src/native/contract.js";
import { expectAdapterFits } from "../../../src/training/adapter-fit.js";
import { openAdapter } from "../../../src/training/open-adapter.js";
import { openTrainingBase, type TrainingBase } from "../../../src/training/training-base.js";
import { adapterTensors, writeAdapterDirectory } from "../../support/adapter-directory.js";
import { makeFolder } from "../../support/folder.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";
import type { TensorContent } from "../../support/safetensors-file.js";

async function openBase(t: ExecutionContext, change: Record<string, unknown> = {}): Promise<TrainingBase> {
  const folder = join(makeFolder(t), "base");
  const { config, ...rest } = parityModels.llama as RandomModel;
  await writeRandomModel(folder, { ...rest, config: { ...config, ...change } }, 1);
  return openTrainingBase(folder, {}, () => ({}) as NativeAddon);
}

type Bend = (tensors: TensorContent[]) => TensorContent[];

/** Opens an adapter with these tensors and holds it against the base. */
async function heldAgainst(
  t: ExecutionContext,
  base: TrainingBase,
  tensors: TensorContent[],
  { loss = "next-token", fingerprint }: { loss?: LossName; fingerprint?: string } = {},
): Promise<void> {
  const folder = makeFolder(t);
  const metadata = { format: "pt", ...(fingerprint !== undefined && { base_fingerprint: fingerprint }) };
  writeAdapterDirectory(folder, tensors, { metadata });
  expectAdapterFits(await openAdapter(folder), base, loss);
}

test("an adapter of the base fits, with a fingerprint and without, a value head where the loss has one", async (t) => {
  const base = await openBase(t);
  await t.notThrowsAsync(heldAgainst(t, base, adapterTensors(base)));
  await t.notThrowsAsync(
    heldAgainst(t, base, adapterTensors(base), { fingerprint: base.fingerprint, loss: "two-way" }),
  );
  await t.notThrowsAsync(
    heldAgainst(t, base, adapterTensors(base, { loss: "binary", type: "F16" }), { loss: "squared" }),
  );
});

test("the fingerprint of another base is refused though every shape fits: both are named, and what to do", async (t) => {
  const base = await openBase(t);
  const found = "ab".repeat(32);
  const error = await t.throwsAsync(heldAgainst(t, base, adapterTensors(base), { fingerprint: found }), {
    code: "ERPRM_INVALID_CHECKPOINT",
  });
  const message = error?.message ?? "";
  t.true(message.includes(`(fingerprint ${base.fingerprint.slice(0, 12)})`), message);
  t.regex(message, /another base model, somewhere\/base \(abababababab\): name the base model .* with --model/);
});

for (const [what, change, expected, found] of [
  ["wider", { hidden_size: 96 }, /layers\.0\.self_attn\.q_proj\.lora_A\.weight to be \[4, 96\]/, /found \[4, 64\]/],
  ["deeper", { num_hidden_layers: 5 }, /layers\.3\.self_attn\.q_proj\.lora_A\.weight/, /found nothing/],
  [
    "shallower",
    { num_hidden_layers: 2 },
    /Expected only adapters on q_proj, v_proj, down_proj/,
    /layers\.2\..*\[4, 64\]/,
  ],
] as const) {
  test(`without a fingerprint an adapter for another base is refused by its shapes: one for a ${what} model`, async (t) => {
    const tensors = adapterTensors(await openBase(t));
    const error = await t.throwsAsync(heldAgainst(t, await openBase(t, change), tensors), {
      code: "ERPRM_INVALID_CHECKPOINT",
    });
    t.regex(error?.message ?? "", expected);
    t.regex(error?.message ?? "", found);
    t.regex(error?.message ?? "", /another base model, somewhere\/base/);
  });
}

const bends: Record<string, [Bend, RegExp]> = {
  "a tensor that is missing": [
    (tensors) => tensors.filter(({ name }) => !name.endsWith("layers.1.mlp.down_proj.lora_B.weight")),
    /layers\.1\.mlp\.down_proj\.lora_B\.weight to be \[64, 4\] .*found nothing/,
  ],
  "a tensor of another rank": [
    (tensors) => tensors.map((one, i) => (i === 0 ? { ...one, shape: [2, 64], data: Buffer.alloc(512) } : one)),
    /q_proj\.lora_A\.weight to be \[4, 64\] .* rank 4, found \[2, 64\]/,
  ],
  "a tensor too many": [
    (tensors) => [
      ...tensors,
      { name: "base_model.model.lm_head.weight", type: "F32", shape: [1], data: Buffer.alloc(4) },
    ],
    /found tensor lm_head\.weight \[1\]/,
  ],
  "a type that is not read": [
    (tensors) => tensors.map((one, i) => (i === 0 ? { ...one, type: "F64", data: Buffer.alloc(2048) } : one)),
    /to be F32, BF16 or F16, found F64/,
  ],
};
for (const [what, [bend, message]] of Object.entries(bends)) {
  test(`${what} is named`, async (t) => {
    const base = await openBase(t);
    const code = "ERPRM_INVALID_CHECKPOINT";
    await t.throwsAsync(heldAgainst(t, base, bend(adapterTensors(base)), { fingerprint: base.fingerprint }), {
      code,
      message,
    });
  });
}

test("a value head that is missing, superfluous or half there is said as such", async (t) => {
  const base = await openBase(t);
  const code = "ERPRM_INVALID_CHECKPOINT";
  await t.throwsAsync(heldAgainst(t, base, adapterTensors(base), { loss: "binary" }), {
    code,
    message: /with a value head \(score\.weight\) for the binary loss, found one without/,
  });
  const withHead = adapterTensors(base, { loss: "binary" });
  await t.throwsAsync(heldAgainst(t, base, withHead, { loss: "two-way" }), {
    code,
    message: /without a value head for the two-way loss, found score\.weight/,
  });
  const half = withHead.filter(({ name }) => !name.endsWith("score.bias"));
  await t.throwsAsync(heldAgainst(t, base, half, { loss: "binary" }), {
    code,
    message: /score\.bias to be \[1\].*found nothing/,
  });
});
