import test from "ava";
import { readAdapterConfig } from "../../../src/training/adapter-config.js";
import { adapterConfig } from "../../../src/training/save-adapter.js";
import { peftConfig } from "../../support/adapter-directory.js";

const read = (values: Record<string, unknown>) => readAdapterConfig("adapter_config.json", values);

test("rank, alpha and layers of what PEFT writes are read, the layers in our order", (t) => {
  const { lora, basePath, notes } = read(peftConfig);
  t.deepEqual(lora, { rank: 4, alpha: 6, targets: ["q_proj", "v_proj", "down_proj"] });
  t.is(basePath, "somewhere/base");
  t.deepEqual(notes, []);
});

test("what is written is read, of language models and with value heads", (t) => {
  const lora = { rank: 3, alpha: 7.5, targets: ["k_proj", "up_proj"] as const };
  for (const head of ["language-model", "value-head"] as const) {
    const values = adapterConfig({ ...lora, baseName: "base", baseFingerprint: "f".repeat(64), head });
    t.deepEqual(read(values).lora, { ...lora, targets: [...lora.targets] });
  }
});

test("a rank-stabilised adapter counts alpha / sqrt(r) times", (t) => {
  const { rank, alpha } = read({ ...peftConfig, r: 16, lora_alpha: 8, use_rslora: true }).lora;
  t.is(alpha / rank, 8 / Math.sqrt(16));
});

test("a dropout that the adapter was trained with is told of: nothing is dropped here", (t) => {
  t.regex(read({ ...peftConfig, lora_dropout: 0.1 }).notes.join(), /adapter_config\.json: lora_dropout 0\.1 has no/);
});

test("a value head that PEFT stores whole is no hindrance", (t) => {
  t.notThrows(() => read({ ...peftConfig, task_type: "TOKEN_CLS", modules_to_save: ["classifier", "score"] }));
});

const refused: Record<string, [Record<string, unknown>, RegExp]> = {
  "another method": [{ peft_type: "IA3" }, /Expected peft_type to be "LORA", received "IA3"/],
  "no method": [{ peft_type: undefined }, /Expected peft_type to be "LORA", received nothing/],
  DoRA: [{ use_dora: true }, /found use_dora true \(another method\).*merge_and_unload/],
  "a method that is younger than this reader": [{ use_newer: true }, /found use_newer true/],
  "ranks by layer": [{ rank_pattern: { q_proj: 8 } }, /found rank_pattern \{"q_proj":8\}/],
  "factors by layer": [{ alpha_pattern: { q_proj: 8 } }, /found alpha_pattern/],
  "biases of the base": [{ bias: "all" }, /found bias "all"/],
  "biases of the adapters": [{ lora_bias: true }, /found lora_bias true/],
  "transposed weights": [{ fan_in_fan_out: true }, /found fan_in_fan_out true/],
  "some layers": [{ layers_to_transform: [0, 1] }, /found layers_to_transform \[0,1\]/],
  "layers left out": [{ exclude_modules: ["layers.0.q_proj"] }, /found exclude_modules/],
  "repeated layers": [{ layer_replication: [[0, 2]] }, /found layer_replication/],
  "single parameters": [{ target_parameters: ["experts"] }, /found target_parameters/],
  "new tokens": [{ trainable_token_indices: [3] }, /found trainable_token_indices/],
  "a base that was changed": [{ init_lora_weights: "pissa_niter_4" }, /found init_lora_weights "pissa_niter_4"/],
  "a trained embedding": [{ modules_to_save: ["embed_tokens"] }, /found modules_to_save \["embed_tokens"\]/],
  "a pattern in the place of names": [
    { target_modules: ".*q_proj" },
    /Expected target_modules to be a list of some of q_proj, .*down_proj, received ".*q_proj"/,
  ],
  "a word for all layers": [{ target_modules: "all-linear" }, /list of some of q_proj.*received "all-linear"/],
  "layers that have no adapters here": [{ target_modules: ["q_proj", "lm_head"] }, /received \["q_proj","lm_head"\]/],
  "no layers": [{ target_modules: [] }, /list of some of q_proj.*received \[\]/],
  "no rank": [{ r: 0 }, /Expected r to be a positive integer, received 0/],
  "no factor": [{ lora_alpha: "6" }, /Expected lora_alpha to be a positive number, received "6"/],
};
for (const [what, [change, message]] of Object.entries(refused)) {
  test(`${what}: refused, with file and field`, (t) => {
    const error = t.throws(() => read({ ...peftConfig, ...change }), { code: "ERPRM_INVALID_CHECKPOINT", message });
    t.regex(error?.message ?? "", /^adapter_config\.json: /);
  });
}
