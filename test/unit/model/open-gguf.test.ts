import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { openModel } from "../../../src/model/open-model.js";
import { makeFolder } from "../../support/folder.js";
import { type GgufContent, ggufFile, type TypedValue } from "../../support/gguf-file.js";
import { ggufModel } from "../../support/gguf-model.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";

type Test = Parameters<typeof makeFolder>[0];
type Metadata = Record<string, TypedValue | undefined>;

const model = (name: string) => parityModels[name] as RandomModel;

function open(t: Test, name: string, metadata: Metadata = {}, change: (content: GgufContent) => void = () => {}) {
  const content = ggufModel(model(name), 1);
  const merged = Object.entries({ ...content.metadata, ...metadata }).filter(([, value]) => value !== undefined);
  content.metadata = Object.fromEntries(merged) as Record<string, TypedValue>;
  change(content);
  const path = join(makeFolder(t), "model.gguf");
  writeFileSync(path, ggufFile(content));
  return openModel(path);
}

for (const name of [
  "llama-biases",
  "llama-llama3-tied",
  "llama-longrope",
  "mistral-sliding",
  "qwen2-yarn-sliding",
  "qwen3-linear",
]) {
  test(`the config of ${name} read from GGUF is the one of its directory`, async (t) => {
    const directory = makeFolder(t);
    await writeRandomModel(directory, model(name), 1);
    const expected = (await openModel(directory)).checkpoint;
    const opened = await open(t, name);
    const { config, tensors } = opened.checkpoint;
    t.is(opened.kind, "gguf");
    t.is(opened.ggufMetadata?.get("tokenizer.ggml.eos_token_id"), 256);
    t.deepEqual(opened.stopTokenIds, [256]);
    const { ropeInverseFrequencies, normEpsilon, ropeScale, ...numbers } = config;
    const { ropeInverseFrequencies: frequencies, normEpsilon: epsilon, ropeScale: scale, ...others } = expected.config;
    t.deepEqual(numbers, others);
    // GGUF keeps these in f32.
    t.true(Math.abs(normEpsilon / epsilon - 1) < 1e-7);
    t.true(Math.abs(ropeScale / scale - 1) < 1e-7);
    for (const [plane, frequency] of frequencies.entries()) {
      t.true(Math.abs((ropeInverseFrequencies[plane] as number) / frequency - 1) < 3e-7);
    }
    t.deepEqual(
      tensors.map(({ name: tensor, shape }) => [tensor, shape]),
      expected.tensors.map(({ name: tensor, shape }) => [tensor, shape]),
    );
  });
}

test("rows are interleaved in llama files only", async (t) => {
  const heads = async (name: string) =>
    (await open(t, name)).checkpoint.tensors.filter(({ interleavedHeads }) => interleavedHeads > 0).length;
  t.is(await heads("llama-biases"), 12);
  t.is(await heads("qwen2-yarn-sliding"), 0);
});

test("all end tokens are stop tokens", async (t) => {
  const opened = await open(t, "llama", {
    "tokenizer.ggml.eot_token_id": ["u32", 259],
    "tokenizer.ggml.eom_token_id": ["u32", 257],
  });
  t.deepEqual(opened.stopTokenIds, [256, 257, 259]);
});

test("a GGUF file is known by its first bytes, and its fingerprint by its content", async (t) => {
  const bytes = ggufFile(ggufModel(model("llama"), 1));
  const folder = makeFolder(t, { weights: bytes, "other.gguf": bytes });
  const opened = await openModel(join(folder, "weights"));
  t.is(opened.kind, "gguf");
  t.is((await openModel(join(folder, "other.gguf"))).fingerprint, opened.fingerprint);
});

const refused: [claim: string, name: string, metadata: Metadata, message: RegExp][] = [
  [
    "another architecture is refused",
    "llama",
    { "general.architecture": ["str", "gemma3"] },
    /general\.architecture to be one of llama, .*received "gemma3"/,
  ],
  ["experts are refused", "llama", { "llama.expert_count": ["u32", 8] }, /llama\.expert_count to be 0 .*received 8/],
  [
    "an encoder is refused",
    "qwen2-yarn-sliding",
    { "qwen2.attention.causal": ["bool", false] },
    /qwen2\.attention\.causal to be true/,
  ],
  [
    "partly rotated heads are refused",
    "llama",
    { "llama.rope.dimension_count": ["u32", 8] },
    /llama\.rope\.dimension_count to be the head size, 16, received 8/,
  ],
  [
    "layers that differ are refused",
    "llama",
    { "llama.attention.head_count_kv": ["array", "u32", [2, 2, 4]] },
    /attention\.head_count_kv to be the same in all layers/,
  ],
  [
    "an unknown scaling is refused",
    "llama",
    { "llama.rope.scaling.type": ["str", "dynamic"] },
    /llama\.rope\.scaling\.type to be one of none, linear, yarn, longrope, received "dynamic"/,
  ],
  [
    "longrope without its tensors is refused",
    "llama",
    { "llama.rope.scaling.type": ["str", "longrope"] },
    /longrope together with tensors/,
  ],
  [
    "a size that is missing is refused",
    "llama",
    { "llama.embedding_length": undefined },
    /llama\.embedding_length to be a positive integer, received nothing/,
  ],
  [
    "a file without a tokenizer is refused",
    "llama",
    { "tokenizer.ggml.tokens": undefined },
    /tokenizer\.ggml\.tokens, found none: the file holds no tokenizer/,
  ],
];

for (const [claim, name, metadata, message] of refused) {
  test(claim, async (t) => {
    await t.throwsAsync(open(t, name, metadata), { code: "ERPRM_INVALID_CHECKPOINT", message });
  });
}

test("one number a layer is taken where it is the same in all", async (t) => {
  const opened = await open(t, "llama", { "llama.attention.head_count_kv": ["array", "u32", [2, 2, 2]] });
  t.is(opened.checkpoint.config.numKvHeads, 2);
});

test("a tensor that is missing, extra or misshapen is refused by both its names", async (t) => {
  const without = open(t, "llama", {}, (content) => {
    content.tensors = content.tensors.filter(({ name }) => name !== "blk.1.ffn_up.weight");
  });
  await t.throwsAsync(without, {
    message: /Expected tensor model\.layers\.1\.mlp\.up_proj\.weight of shape \[160, 64\], found none/,
  });
  const extra = open(t, "llama", {}, (content) => {
    content.tensors.push({ name: "blk.0.ffn_gate_inp.weight", shape: [2], type: 0, data: Buffer.alloc(8) });
  });
  await t.throwsAsync(extra, { message: /found blk\.0\.ffn_gate_inp\.weight \[2\]/ });
  const misshapen = open(t, "llama", {}, (content) => {
    for (const tensor of content.tensors) if (tensor.name === "blk.0.attn_k.weight") tensor.shape = [64, 32];
  });
  await t.throwsAsync(misshapen, {
    message: /k_proj\.weight \(blk\.0\.attn_k\.weight in the file\) to have shape \[32, 64\], found \[64, 32\]/,
  });
});

test("stored RoPE divisors that are misshapen or not positive are refused", async (t) => {
  const bend = (change: (tensor: GgufContent["tensors"][number]) => void) =>
    open(t, "llama-llama3-tied", {}, (content) => {
      for (const tensor of content.tensors) if (tensor.name === "rope_freqs.weight") change(tensor);
    });
  await t.throwsAsync(
    bend((tensor) => {
      tensor.shape = [4];
    }),
    { message: /rope_freqs\.weight to be F32 \[8\], found F32 \[4\]/ },
  );
  await t.throwsAsync(
    bend((tensor) => {
      tensor.data = Buffer.alloc(32);
    }),
    { message: /rope_freqs\.weight to hold positive numbers, found 0/ },
  );
});
