import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ErprmError } from "../../../src/errors.js";
import { ChatTemplate } from "../../../src/text/chat-template.js";
import { tokenizerJsonFromGguf } from "../../../src/text/gguf-tokenizer.js";
import { defaultInstruction, renderPrompt } from "../../../src/text/prompt.js";
import { loadText, type TextSource } from "../../../src/text/text-model.js";
import { byteLevelMetadata, sentencepieceMetadata } from "./fixtures.js";

const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const inst =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}";

async function folder(t: ExecutionContext, files: Record<string, unknown>): Promise<(name: string) => string> {
  const path = await mkdtemp(join(tmpdir(), "erprm-text-"));
  t.teardown(() => rm(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(path, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return (name) => join(path, name);
}

test("a prompt ends where the assistant's turn opens, the instruction after the question", async (t) => {
  const model = await loadText({
    kind: "gguf",
    ggufMetadata: byteLevelMetadata("smollm", { "tokenizer.chat_template": chatml }),
  });
  t.true(model.hasChatTemplate);
  t.is(
    model.renderPrompt({ question: "1 + 1?" }),
    `<|im_start|>user\n1 + 1?\n${defaultInstruction}<|im_end|>\n<|im_start|>assistant\n`,
  );
  t.is(
    model.renderPrompt({ question: "1 + 1?", system: "Be brief.", instruction: "" }),
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n1 + 1?<|im_end|>\n<|im_start|>assistant\n",
  );
});

test("a conversation is written by the model's own template, or refused where there is none", async (t) => {
  const ggufMetadata = byteLevelMetadata("smollm", { "tokenizer.chat_template": chatml });
  const { tokenizer } = await loadText({ kind: "gguf", ggufMetadata });
  const messages = [
    { role: "user", content: "1 + 1?" },
    { role: "assistant", content: "2" },
    { role: "user", content: "And 2 + 2?" },
  ] as const;
  const turns =
    "<|im_start|>user\n1 + 1?<|im_end|>\n<|im_start|>assistant\n2<|im_end|>\n<|im_start|>user\nAnd 2 + 2?<|im_end|>\n";
  t.is(tokenizer.applyChatTemplate(messages), `${turns}<|im_start|>assistant\n`);
  t.is(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: false }), turns);
  const bare = await loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm"), path: "bare.gguf" });
  const error = t.throws(() => bare.tokenizer.applyChatTemplate(messages), {
    message: /chat template with bare\.gguf/,
  });
  t.like(error, { code: "ERPRM_INVALID_DATA" });
});

test("a completion of the prompt and a part of the solution stays in the assistant's turn", async (t) => {
  const model = await loadText({
    kind: "gguf",
    ggufMetadata: byteLevelMetadata("smollm", { "tokenizer.chat_template": chatml }),
  });
  const { tokenizer } = model;
  const prompt = model.renderPrompt({ question: "1 + 1?" });
  const ids = model.encodePrompt(`${prompt}First, `);
  const opens = [...ids].filter((id) => id === tokenizer.tokenToId("<|im_start|>")).length;
  const ends = [...ids].filter((id) => id === tokenizer.tokenToId("<|im_end|>")).length;
  t.is(opens, ends + 1);
  t.is(tokenizer.decode(ids), `${prompt}First, `);
});

test("stop tokens are the file's end token and the one that closes the assistant's turn", async (t) => {
  const eos = byteLevelMetadata("x").get("tokenizer.ggml.eos_token_id") as number;
  const end = "<|endoftext|>";
  const ggufMetadata = byteLevelMetadata("smollm", {
    "tokenizer.chat_template": chatml.replaceAll("<|im_end|>", end),
    "tokenizer.ggml.eot_token_id": 7,
  });
  const model = await loadText({ kind: "gguf", ggufMetadata, eosTokenIds: [3] });
  t.deepEqual(model.stopTokenIds, [3, 7, model.tokenizer.tokenToId(end) as number, eos]);
});

test("a solution is closed by the end of the assistant's turn, without a chat template by the end of the text", async (t) => {
  const eos = byteLevelMetadata("x").get("tokenizer.ggml.eos_token_id") as number;
  const end = "<|endoftext|>";
  const metadata = {
    "tokenizer.chat_template": chatml.replaceAll("<|im_end|>", end),
    "tokenizer.ggml.eot_token_id": 7,
  };
  const chat = await loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm", metadata) });
  const plain = await loadText({
    kind: "gguf",
    ggufMetadata: byteLevelMetadata("smollm", { "tokenizer.ggml.eot_token_id": 7 }),
  });
  t.is(chat.endTokenId, chat.tokenizer.tokenToId(end));
  t.not(chat.endTokenId, eos);
  t.is(plain.endTokenId, eos);
});

test("BOS comes once, whether the template renders it or the tokenizer adds it", async (t) => {
  const rendered = await loadText({
    kind: "gguf",
    ggufMetadata: sentencepieceMetadata({ "tokenizer.chat_template": inst }),
  });
  const added = await loadText({
    kind: "gguf",
    ggufMetadata: sentencepieceMetadata({ "tokenizer.chat_template": inst.replace("{{ bos_token }}", "") }),
  });
  const without = await loadText({
    kind: "gguf",
    ggufMetadata: sentencepieceMetadata({ "tokenizer.ggml.add_bos_token": false }),
  });
  t.is(rendered.bosId, 1);
  t.true(rendered.renderPrompt({ question: "x" }).startsWith("<s>[INST] x"));
  for (const [model, count] of [
    [rendered, 1],
    [added, 1],
    [without, 0],
  ] as const) {
    const ids = model.encodePrompt(model.renderPrompt({ question: "x" }));
    t.is([...ids].filter((id) => id === 1).length, count);
    t.is(ids[0] === 1, count === 1);
  }
});

test("a model without a chat template gets the plain one", async (t) => {
  const model = await loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm") });
  t.false(model.hasChatTemplate);
  t.is(model.renderPrompt({ question: "1 + 1?", instruction: "" }), "Question: 1 + 1?\nAnswer:");
  t.is(model.renderPrompt({ question: "Q", system: "S", instruction: "I" }), "S\n\nQuestion: Q\nI\nAnswer:");
});

test("the user's template takes the place of the model's, word for word", (t) => {
  const chat = new ChatTemplate(chatml, "x");
  t.is(
    renderPrompt(chat, { question: "$& {question}", template: "Q {question}. Again: {question}\nA" }),
    "Q $& {question}. Again: $& {question}\nA",
  );
  t.is(renderPrompt(chat, { question: "1?", template: "{question}\n", instruction: "Go." }), "1?\nGo.\n");
  t.throws(() => renderPrompt(chat, { question: "1?", template: "{Question}" }), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /--prompt-template/,
  });
});

test("templates read the model's own switches and a date that never changes", (t) => {
  const template = new ChatTemplate("{{ strftime_now('%d %b %Y') }} {{ thinking }} {{ range(2) | join(',') }}", "x");
  const variables = { thinking: false };
  t.is(template.render([], { addGenerationPrompt: true, variables }), "26 Jul 2024 false 0,1");
});

test("a directory's tokenizer, end tokens within its vocabulary, and template are read from its files", async (t) => {
  const json = tokenizerJsonFromGguf(byteLevelMetadata("llama-bpe"));
  const at = await folder(t, {
    "tokenizer.json": json,
    "tokenizer_config.json": {
      bos_token: { content: "<|endoftext|>" },
      eos_token: "<|im_end|>",
      chat_template: [
        { name: "tool_use", template: "no" },
        { name: "default", template: chatml },
      ],
    },
    "generation_config.json": { eos_token_id: [902, 4, 128009] },
    "chat_template.jinja": "{{ bos_token }}U {{ messages[0].content }} A",
  });
  const source: TextSource = {
    kind: "huggingface",
    tokenizerPath: at("tokenizer.json"),
    tokenizerConfigPath: at("tokenizer_config.json"),
    generationConfigPath: at("generation_config.json"),
  };
  const model = await loadText(source);
  t.is(model.bosId, 900);
  t.deepEqual(model.stopTokenIds, [4, 902]);
  t.true(model.renderPrompt({ question: "x" }).endsWith("<|im_start|>assistant\n"));
  t.is(model.encodePrompt("x")[0], 900);

  const jinja = await loadText({ ...source, chatTemplatePath: at("chat_template.jinja") });
  t.is(jinja.renderPrompt({ question: "x", instruction: "" }), "<|endoftext|>U x A");
  t.deepEqual([...jinja.encodePrompt("<|endoftext|>x")], [...model.encodePrompt("x")]);
});

test("an explicit add_bos_token overrules the tokenizer's own habit", async (t) => {
  const at = await folder(t, {
    "with.json": tokenizerJsonFromGguf(byteLevelMetadata("llama-bpe")),
    "without.json": tokenizerJsonFromGguf(byteLevelMetadata("smollm")),
    "yes.json": { bos_token: "<|endoftext|>", add_bos_token: true },
    "no.json": { bos_token: "<|endoftext|>", add_bos_token: false },
  });
  const first = async (tokenizer: string, config: string) => {
    const source = { kind: "huggingface", tokenizerPath: at(tokenizer), tokenizerConfigPath: at(config) };
    return (await loadText(source)).encodePrompt("a")[0];
  };
  t.is(await first("without.json", "yes.json"), 900);
  t.not(await first("with.json", "no.json"), 900);
});

test("a template that is no template is an error that names its file", async (t) => {
  const at = await folder(t, {
    "tokenizer.json": tokenizerJsonFromGguf(byteLevelMetadata("smollm")),
    "chat_template.jinja": "{% for m in messages %}",
    "raises.jinja": "{{ raise_exception('only tools, please') }}",
    "list.json": {
      chat_template: [
        { name: "a", template: "" },
        { name: "b", template: "" },
      ],
    },
  });
  const tokenizerPath = at("tokenizer.json");
  const broken = await t.throwsAsync(
    loadText({ kind: "huggingface", tokenizerPath, chatTemplatePath: at("chat_template.jinja") }),
    { instanceOf: ErprmError, message: /chat_template\.jinja/ },
  );
  t.is(broken.code, "ERPRM_INVALID_DATA");
  const refusing = await loadText({ kind: "huggingface", tokenizerPath, chatTemplatePath: at("raises.jinja") });
  t.throws(() => refusing.renderPrompt({ question: "x" }), { message: /only tools, please in .*raises\.jinja/ });
  await t.throwsAsync(loadText({ kind: "huggingface", tokenizerPath, tokenizerConfigPath: at("list.json") }), {
    message: /a list of a, b in .*list\.json/,
  });
});

test("a model without a tokenizer, and a tokenizer that is not JSON, are errors that say so", async (t) => {
  const at = await folder(t, { "tokenizer.json": "{", "array.json": "[]" });
  const none = await t.throwsAsync(loadText({ kind: "huggingface", path: "/models/m" }), { instanceOf: ErprmError });
  t.is(none.code, "ERPRM_NOT_FOUND");
  t.regex(none.message, /tokenizer\.json .*\/models\/m/);
  const load = (name: string) => loadText({ kind: "huggingface", tokenizerPath: at(name) });
  await t.throwsAsync(load("tokenizer.json"), { code: "ERPRM_INVALID_DATA", message: /tokenizer\.json to be JSON/ });
  await t.throwsAsync(load("array.json"), { code: "ERPRM_INVALID_DATA", message: /a JSON object/ });
  await t.throwsAsync(load("missing.json"), { code: "ERPRM_NOT_FOUND", message: /missing\.json/ });
});
