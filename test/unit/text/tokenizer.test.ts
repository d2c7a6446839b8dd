import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import fc from "fast-check";
import { ErprmError } from "../../../src/errors.js";
import { raggedEntry, utf8Decode } from "../../../src/text/bytes.js";
import { tokenizerJsonFromGguf } from "../../../src/text/gguf-tokenizer.js";
import { createTokenizer, type Tokenizer } from "../../../src/text/tokenizer.js";
import { byteLevel, byteLevelMetadata, sentencepieceMetadata } from "./fixtures.js";

const smollm = await createTokenizer(tokenizerJsonFromGguf(byteLevelMetadata("smollm")), "x.gguf");
const llama = await createTokenizer(tokenizerJsonFromGguf(sentencepieceMetadata()), "x.gguf");
const anyText = fc.string({ unit: "binary", maxLength: 60 }).filter((text) => !/[<\u2581]/.test(text));

for (const [name, tokenizer] of [
  ["byte-level", smollm],
  ["SentencePiece", llama],
] as [string, Tokenizer][]) {
  test(`${name}: every text survives encoding and decoding`, (t) => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(text, { addSpecialTokens: false });
        return tokenizer.decode(ids, { wholeText: true }) === text;
      }),
    );
    t.pass();
  });

  test(`${name}: the bytes of any tokens, laid end to end, decode to their text`, (t) => {
    const table = tokenizer.tokenBytes();
    t.is(table.offsets.length, tokenizer.vocabularySize + 1);
    const anyIds = fc.array(fc.nat({ max: tokenizer.vocabularySize - 1 }), { maxLength: 30 });
    fc.assert(
      fc.property(anyIds, (ids) => {
        const bytes = Buffer.concat(ids.map((id) => raggedEntry(table, id)));
        return tokenizer.decode(ids, { skipSpecialTokens: true }) === utf8Decode(bytes);
      }),
    );
  });
}

test("a lone surrogate counts as U+FFFD", (t) => {
  t.deepEqual(smollm.encode("a\uD800b"), smollm.encode("a\uFFFDb"));
  t.is(smollm.decode(smollm.encode("\uDC00")), "\uFFFD");
});

test("decoding changes no space", (t) => {
  const text = "do n't , he 's . It 's 'm ! a  b";
  t.is(smollm.decode(smollm.encode(text)), text);
});

test("special tokens have names but no bytes; other added tokens are text", (t) => {
  const end = smollm.tokenToId("<|im_end|>") as number;
  const think = smollm.tokenToId("<think>") as number;
  t.true(smollm.isSpecial(end));
  t.false(smollm.isSpecial(think));
  t.is(raggedEntry(smollm.tokenBytes(), end).length, 0);
  t.is(utf8Decode(raggedEntry(smollm.tokenBytes(), think)), "<think>");
  t.is(smollm.decode([end, think]), "<|im_end|><think>");
  t.is(smollm.decode([end, think], { skipSpecialTokens: true }), "<think>");
});

test("ids beyond the vocabulary (padding of the model's) have no bytes and no text", (t) => {
  const { offsets, values } = smollm.tokenBytes(smollm.vocabularySize + 3);
  t.is(offsets.length, smollm.vocabularySize + 4);
  t.is(offsets.at(-1), values.length);
  t.is(smollm.decode([smollm.vocabularySize + 1]), "");
  t.throws(() => smollm.tokenBytes(10), { code: "ERPRM_INVALID_ARGUMENT" });
  t.throws(() => smollm.decode([-1]), { code: "ERPRM_INVALID_ARGUMENT" });
});

test("the space that SentencePiece puts in front is text, unless the ids are a whole text", (t) => {
  const ids = llama.encode("the answer");
  t.true(llama.addsSpace);
  t.is(llama.decode(ids, { skipSpecialTokens: true }), " the answer");
  t.is(llama.decode(ids, { skipSpecialTokens: true, wholeText: true }), "the answer");
});

test("byte tokens decode to their bytes, alone and within a character", (t) => {
  const bytes = [0xf0, 0x9f, 0x98, 0x80].map((byte) => `<0x${byte.toString(16).toUpperCase()}>`);
  const ids = bytes.map((token) => llama.tokenToId(token) as number);
  t.is(llama.decode(ids), "\u{1F600}");
  t.is(llama.decode(ids.slice(0, 2)), "\uFFFD");
});

test("many texts get the ids of each one", async (t) => {
  const texts = [...byteLevel.texts, ...byteLevel.texts, "", "\uD800"];
  const many = await llama.encodeMany(texts);
  t.deepEqual(
    many,
    texts.map((text) => llama.encode(text)),
  );
  t.is(many[0]?.[0], 1);
});

test("the pre-tokenizers of a family's own tokenizer.json give the reference ids", async (t) => {
  const json = tokenizerJsonFromGguf(byteLevelMetadata("smollm"));
  json.pre_tokenizer = {
    type: "Sequence",
    pretokenizers: [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  };
  const tokenizer = await createTokenizer(json, "tokenizer.json");
  for (const [index, text] of byteLevel.texts.entries()) {
    t.deepEqual([...tokenizer.encode(text)], byteLevel.ids.smollm?.[index], JSON.stringify(text));
  }
});

test("Metaspace with split keeps words apart", async (t) => {
  const vocab = Object.fromEntries(
    ["a", "b", "\u2581", "\u2581a", "a\u2581", "\u2581a\u2581"].map((token, id) => [token, id]),
  );
  const json = (split: boolean) => ({
    pre_tokenizer: { type: "Metaspace", replacement: "\u2581", prepend_scheme: "never", split },
    decoder: { type: "Metaspace", replacement: "\u2581", prepend_scheme: "never" },
    model: {
      type: "BPE",
      vocab,
      merges: [
        ["a", "\u2581"],
        ["\u2581", "a"],
      ],
    },
  });
  const [together, apart] = await Promise.all([createTokenizer(json(false), "x"), createTokenizer(json(true), "x")]);
  t.deepEqual([...together.encode("a a")], [4, 0]);
  t.deepEqual([...apart.encode("a a")], [0, 3]);
});

test("a tokenizer that writes no bytes is refused by name", async (t) => {
  const json = { model: { type: "WordPiece", vocab: { a: 0 } }, decoder: { type: "WordPiece" } };
  const error = await t.throwsAsync(createTokenizer(json, "d/tokenizer.json"), { instanceOf: ErprmError });
  t.regex(error.message, /decoder to be byte-level or SentencePiece, received WordPiece in d\/tokenizer\.json/);
});

test("a tokenizer.json without a vocabulary, or with a nameless added token, is refused by field", async (t) => {
  await t.throwsAsync(createTokenizer({ model: {} }, "f"), { message: /model\.vocab/ });
  await t.throwsAsync(createTokenizer({ model: { vocab: {} }, added_tokens: [{ id: 3 }] }, "f"), {
    message: /added_tokens\[0\]/,
  });
  await t.throwsAsync(createTokenizer([], "f"), { message: /the tokenizer to be a JSON object/ });
});

/** A stand-in for the native package, made of the JavaScript one; `change` is applied to every id. */
async function standIn(t: { teardown(run: () => Promise<void>): void }, change: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "erprm-text-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "native.mjs");
  const source = `
    import { Tokenizer as Library } from ${JSON.stringify(import.meta.resolve("@huggingface/tokenizers"))};
    export const calls = [];
    export class Tokenizer {
      static fromString(json) { const made = new Tokenizer(); made.library = new Library(JSON.parse(json), {}); return made; }
      async encodeBatch(texts, { addSpecialTokens }) {
        calls.push(texts.length);
        return texts.map((text) => ({
          getIds: () => this.library.encode(text, { add_special_tokens: addSpecialTokens }).ids.map((id) => ${change}),
        }));
      }
    }`;
  await writeFile(path, source);
  return pathToFileURL(path).href;
}

test("a native package that gives the same ids encodes many texts", async (t) => {
  const nativePackage = await standIn(t, "id");
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(sentencepieceMetadata()), "x", { nativePackage });
  t.true(tokenizer.native);
  t.deepEqual(await tokenizer.encodeMany(byteLevel.texts), await llama.encodeMany(byteLevel.texts));
  const { calls } = (await import(nativePackage)) as { calls: number[] };
  t.is(calls.at(-1), byteLevel.texts.length);
});

test("a native package that gives another id is not used", async (t) => {
  const nativePackage = await standIn(t, "id === 5 ? 6 : id + (text.includes('\\u0000') ? 1 : 0)");
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(sentencepieceMetadata()), "x", { nativePackage });
  t.false(tokenizer.native);
});

test("the official native package, where installed, gives the ids of the JavaScript one", async (t) => {
  const json = tokenizerJsonFromGguf(byteLevelMetadata("llama-bpe"));
  const plain = await createTokenizer(json, "x", { nativePackage: "erprm-no-such-package" });
  const preferred = await createTokenizer(json, "x");
  t.false(plain.native);
  t.log(preferred.native ? "installed" : "not installed: both are the JavaScript one");
  t.deepEqual(await preferred.encodeMany(byteLevel.texts), await plain.encodeMany(byteLevel.texts));
});
