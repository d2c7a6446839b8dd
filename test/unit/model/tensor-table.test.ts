import test from "ava";
import { expectedTensors } from "../../../src/model/expected-tensors.js";
import { huggingFaceName } from "../../../src/model/gguf-names.js";
import { readHfConfig } from "../../../src/model/hf-config.js";
import { type NamedTensor, tensorTable } from "../../../src/model/tensor-table.js";

const { config } = readHfConfig("config.json", {
  model_type: "qwen3",
  hidden_size: 8,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 6,
  num_hidden_layers: 2,
  intermediate_size: 12,
  vocab_size: 20,
  attention_bias: true,
});

function tensors(): NamedTensor[] {
  return [...expectedTensors(config)].map(([name, shape], index) => ({
    name,
    stored: {
      name,
      type: "F32",
      shape,
      file: index % 2 ? "1.safetensors" : "0.safetensors",
      offset: 64 * index,
      size: 4,
    },
  }));
}

const table = (list: NamedTensor[], interleaved = false) =>
  tensorTable({ source: "dir", config, tensors: list, interleaved });

test("the table has an entry a tensor, with its file and place", (t) => {
  const { checkpoint, notes } = table(tensors().reverse());
  t.deepEqual(notes, []);
  t.deepEqual(checkpoint.files, ["0.safetensors", "1.safetensors"]);
  t.deepEqual(checkpoint.tensors[0], {
    name: "model.embed_tokens.weight",
    type: "F32",
    shape: [20, 8],
    file: 0,
    offset: 0,
    interleavedHeads: 0,
  });
  const shapes = Object.fromEntries(checkpoint.tensors.map(({ name, shape }) => [name, shape]));
  t.deepEqual(shapes["model.layers.1.self_attn.q_proj.weight"], [12, 8]);
  t.deepEqual(shapes["model.layers.1.self_attn.k_proj.bias"], [6]);
  t.deepEqual(shapes["model.layers.1.self_attn.k_norm.weight"], [6]);
  t.deepEqual(shapes["model.layers.1.self_attn.o_proj.weight"], [8, 12]);
  t.deepEqual(shapes["model.layers.1.mlp.down_proj.weight"], [8, 12]);
  t.deepEqual(shapes["lm_head.weight"], [20, 8]);
  t.is(checkpoint.tensors.length, 3 + 2 * 15);
});

test("interleaved rows are marked on query and key weights and biases alone", (t) => {
  const marked = table(tensors(), true).checkpoint.tensors.filter(({ interleavedHeads }) => interleavedHeads > 0);
  t.deepEqual(
    marked
      .filter(({ name }) => name.includes("layers.1"))
      .map(({ name, interleavedHeads }) => [name, interleavedHeads]),
    [
      ["model.layers.1.self_attn.q_proj.weight", 2],
      ["model.layers.1.self_attn.q_proj.bias", 2],
      ["model.layers.1.self_attn.k_proj.weight", 1],
      ["model.layers.1.self_attn.k_proj.bias", 1],
    ],
  );
});

test("a missing tensor is named with its shape, and how many more are missing", (t) => {
  const list = tensors().filter(({ name }) => !name.includes("layers.1.mlp"));
  const error = t.throws(() => table(list), { code: "ERPRM_INVALID_CHECKPOINT" });
  t.is(
    error.message,
    "dir: Expected tensor model.layers.1.mlp.gate_proj.weight of shape [12, 8], found none (and 2 more)",
  );
});

test("a misshapen tensor is named with both shapes and its file", (t) => {
  const list = tensors();
  const bad = list.find(({ name }) => name === "model.layers.0.self_attn.v_proj.weight") as NamedTensor;
  bad.stored.shape = [8, 6];
  const error = t.throws(() => table(list), { code: "ERPRM_INVALID_CHECKPOINT" });
  t.true(
    error.message.endsWith(
      ".safetensors: Expected tensor model.layers.0.self_attn.v_proj.weight to have shape [6, 8], found [8, 6]",
    ),
    error.message,
  );
});

test("a type that cannot be read is refused, naming the tensor as the file spells it", (t) => {
  const list = tensors();
  const bad = list[0] as NamedTensor;
  Object.assign(bad.stored, { name: "token_embd.weight", type: "IQ2_XS" });
  t.throws(() => table(list), {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /tensor model\.embed_tokens\.weight \(token_embd\.weight in the file\) to be one of F32, .*, found IQ2_XS/,
  });
});

function extra(name: string): NamedTensor {
  return { name, stored: { name, type: "F32", shape: [3], file: "0.safetensors", offset: 0, size: 12 } };
}

test("an extra tensor is refused by name", (t) => {
  t.throws(() => table([...tensors(), extra("model.layers.2.mlp.up_proj.weight")]), {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /0\.safetensors: .* of 2 layers, found model\.layers\.2\.mlp\.up_proj\.weight \[3\]$/,
  });
  t.throws(() => table([...tensors(), extra("model.layers.0.mlp.up_proj.bias")]), { message: /has no bias/ });
});

test("stored rotary frequencies are left out and said", (t) => {
  const { checkpoint, notes } = table([...tensors(), extra("model.layers.0.self_attn.rotary_emb.inv_freq")]);
  t.is(checkpoint.tensors.length, 33);
  t.regex(notes.join(), /not read: model\.layers\.0\.self_attn\.rotary_emb\.inv_freq/);
});

test("GGUF names have their Hugging Face names, and unknown ones have none", (t) => {
  const pairs: [string, string | undefined][] = [
    ["token_embd.weight", "model.embed_tokens.weight"],
    ["output_norm.weight", "model.norm.weight"],
    ["output.weight", "lm_head.weight"],
    ["blk.12.attn_norm.weight", "model.layers.12.input_layernorm.weight"],
    ["blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"],
    ["blk.0.attn_q.bias", "model.layers.0.self_attn.q_proj.bias"],
    ["blk.0.attn_k_norm.weight", "model.layers.0.self_attn.k_norm.weight"],
    ["blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight"],
    ["blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight"],
    ["blk.0.ffn_gate_inp.weight", undefined],
    ["blk.x.ffn_down.weight", undefined],
    ["toString", undefined],
  ];
  for (const [gguf, huggingFace] of pairs) t.is(huggingFaceName(gguf), huggingFace);
});
