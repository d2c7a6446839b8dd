import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { openModel } from "../../../src/model/open-model.js";
import { makeFolder } from "../../support/folder.js";
import { parityModels } from "../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../support/random-model.js";
import { encodeFloats, safetensorsFile } from "../../support/safetensors-file.js";

const llama = parityModels.llama as RandomModel;

type Test = Parameters<typeof makeFolder>[0];

async function makeModel(t: Test, model: RandomModel = llama): Promise<string> {
  const directory = makeFolder(t);
  await writeRandomModel(directory, model, 1);
  return directory;
}

const write = (directory: string, name: string, value: unknown) =>
  writeFileSync(join(directory, name), typeof value === "string" ? value : JSON.stringify(value));

test("a directory is opened with its checkpoint, tokenizer files and fingerprint", async (t) => {
  const directory = await makeModel(t);
  write(directory, "chat_template.jinja", "{{ messages }}");
  const model = await openModel(directory);
  t.is(model.kind, "huggingface");
  t.is(model.family, "llama");
  t.is(model.path, directory);
  t.deepEqual(model.checkpoint.files, [join(directory, "model.safetensors")]);
  t.deepEqual(model.tokenizerFiles, {
    tokenizer: join(directory, "tokenizer.json"),
    tokenizerConfig: join(directory, "tokenizer_config.json"),
    chatTemplate: join(directory, "chat_template.jinja"),
  });
  t.deepEqual(model.stopTokenIds, [256]);
  t.regex(model.fingerprint, /^[0-9a-f]{64}$/);
  t.deepEqual(model.notes, []);
});

test("a sharded directory is opened with all its files", async (t) => {
  const directory = await makeModel(t, parityModels["llama-sharded"]);
  t.deepEqual(
    (await openModel(directory)).checkpoint.files.sort(),
    [1, 2, 3].map((file) => join(directory, `model-0000${file}-of-00003.safetensors`)),
  );
});

test("the end tokens of the config and of the generation config are all there, once, ascending", async (t) => {
  const directory = await makeModel(t, { ...llama, config: { ...llama.config, eos_token_id: [270, 256] } });
  write(directory, "generation_config.json", { eos_token_id: [258, 256, 9999] });
  const model = await openModel(directory);
  t.deepEqual(model.stopTokenIds, [256, 258, 270]);
  t.regex(model.notes.join(), /eos_token_id 9999 is outside the vocabulary of 288 tokens/);
  write(directory, "generation_config.json", { eos_token_id: "</s>" });
  await t.throwsAsync(openModel(directory), { message: /generation_config\.json: Expected eos_token_id .*"<\/s>"/ });
});

test("the fingerprint follows the content and not the place", async (t) => {
  const directory = await makeModel(t);
  const { fingerprint } = await openModel(directory);
  t.is((await openModel(await makeModel(t))).fingerprint, fingerprint);
  const path = join(directory, "model.safetensors");
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  writeFileSync(path, bytes);
  t.not((await openModel(directory)).fingerprint, fingerprint);
});

test("a context length is taken where the model can serve it and refused where it cannot", async (t) => {
  const directory = await makeModel(t);
  t.is((await openModel(directory)).checkpoint.config.contextLength, 256);
  t.is((await openModel(directory, { contextLength: 100 })).checkpoint.config.contextLength, 100);
  for (const contextLength of [257, 0, 1.5]) {
    await t.throwsAsync(openModel(directory, { contextLength }), { code: "ERPRM_INVALID_ARGUMENT" });
  }
});

for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) {
  test(`a directory without ${name} is refused, naming the file and the directory`, async (t) => {
    const directory = await makeModel(t);
    rmSync(join(directory, name));
    const error = await t.throwsAsync(openModel(directory), { code: "ERPRM_NOT_FOUND" });
    t.true(error.message.includes(`Expected ${name}`) && error.message.includes(directory), error.message);
  });
}

test("a directory that has its tokenizer in an older form says so", async (t) => {
  const directory = await makeModel(t);
  rmSync(join(directory, "tokenizer.json"));
  write(directory, "tokenizer.model", "x");
  await t.throwsAsync(openModel(directory), { message: /tokenizer\.json.*there is tokenizer\.model/ });
});

test("pickled weights are refused, saying why", async (t) => {
  const directory = await makeModel(t);
  rmSync(join(directory, "model.safetensors"));
  write(directory, "pytorch_model.bin", "x");
  await t.throwsAsync(openModel(directory), {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /found only pickled ones \(pytorch_model\.bin\)/,
  });
});

test("weights under another name are pointed at", async (t) => {
  const directory = await makeModel(t);
  rmSync(join(directory, "model.safetensors"));
  write(directory, "consolidated.safetensors", "x");
  await t.throwsAsync(openModel(directory), { code: "ERPRM_NOT_FOUND", message: /found consolidated\.safetensors/ });
});

test("a directory that holds a GGUF file points at it", async (t) => {
  const directory = makeFolder(t, { "model.gguf": "GGUF" });
  await t.throwsAsync(openModel(directory), { message: /there is model\.gguf: name that file/ });
});

test("a config that is broken JSON is refused, naming the file", async (t) => {
  const directory = await makeModel(t);
  write(directory, "config.json", "{");
  await t.throwsAsync(openModel(directory), {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /config\.json: Expected the file to be JSON/,
  });
});

test("a name that is neither directory nor model file is refused with a way out", async (t) => {
  const directory = await makeModel(t);
  await t.throwsAsync(openModel(join(directory, "none")), { code: "ERPRM_NOT_FOUND", message: /none, found none/ });
  await t.throwsAsync(openModel("some-owner/some-model"), { code: "ERPRM_NOT_FOUND", message: /not downloaded/ });
  await t.throwsAsync(openModel(join(directory, "model.safetensors")), {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /name the directory it lies in/,
  });
});

test("a model behind a server is no model to open: the message says what it is for", async (t) => {
  await t.throwsAsync(openModel("openai:http://localhost:8000#m"), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /for rollout and label/,
  });
});

/** The tied model of the parity tests with an output matrix beside it, made from the embedding's bytes. */
async function tiedWithOutput(t: Test, change: (bytes: Buffer) => void): Promise<string> {
  const directory = await makeModel(t, { ...llama, config: { ...llama.config, tie_word_embeddings: true } });
  const data = encodeFloats(
    Float32Array.from({ length: 288 * 64 }, (_, index) => index % 17),
    "F32",
  );
  const output = Buffer.from(data);
  change(output);
  const pair = [
    { name: "model.embed_tokens.weight", type: "F32", shape: [288, 64], data },
    { name: "lm_head.weight", type: "F32", shape: [288, 64], data: output },
  ];
  const layers = await openModel(directory);
  const file = readFileSync(join(directory, "model.safetensors"));
  const others = layers.checkpoint.tensors.slice(1).map(({ name, type, shape, offset }) => {
    const size = 4 * shape.reduce((product, dimension) => product * dimension, 1);
    return { name, type, shape, data: file.subarray(offset, offset + size) };
  });
  writeFileSync(join(directory, "model.safetensors"), safetensorsFile([...pair, ...others]));
  return directory;
}

test("a stored output matrix that equals the embedding it is tied to is left out and said", async (t) => {
  const model = await openModel(await tiedWithOutput(t, () => {}));
  t.true(model.checkpoint.config.tiedEmbeddings);
  t.false(model.checkpoint.tensors.some(({ name }) => name === "lm_head.weight"));
  t.regex(model.notes.join(), /lm_head\.weight equals model\.embed_tokens\.weight/);
});

test("a stored output matrix that differs from the embedding is used, whatever the config says", async (t) => {
  const model = await openModel(await tiedWithOutput(t, (bytes) => bytes.writeFloatLE(0.5, bytes.length - 4)));
  t.false(model.checkpoint.config.tiedEmbeddings);
  t.true(model.checkpoint.tensors.some(({ name }) => name === "lm_head.weight"));
  t.regex(model.notes.join(), /the stored ones differ/);
});

test("opening stops when the signal is aborted", async (t) => {
  const directory = await makeModel(t);
  await t.throwsAsync(openModel(directory, { signal: AbortSignal.abort() }), { code: "ERPRM_ABORTED" });
});
