import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { ggufPreTokenizers } from "../../../src/text/gguf-pre-tokenizers.js";
import { ggufSpecialIds, tokenizerJsonFromGguf } from "../../../src/text/gguf-tokenizer.js";
import { createTokenizer } from "../../../src/text/tokenizer.js";
import { byteLevel, byteLevelMetadata, sentencepiece, sentencepieceMetadata } from "./fixtures.js";

for (const pre of Object.keys(byteLevel.ids)) {
  test(`byte-level GGUF vocabularies with the pre-tokenizer ${pre} give the reference ids`, async (t) => {
    const tokenizer = await createTokenizer(tokenizerJsonFromGguf(byteLevelMetadata(pre)), "x.gguf");
    for (const [index, text] of byteLevel.texts.entries()) {
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      t.deepEqual([...ids], byteLevel.ids[pre]?.[index], JSON.stringify(text));
      t.is(tokenizer.decode(ids), text);
    }
  });
}

test("the pre-tokenizers of the fixtures are told apart by its texts", (t) => {
  const distinct = new Set(Object.values(byteLevel.ids).map((ids) => JSON.stringify(ids)));
  t.is(distinct.size, Object.keys(byteLevel.ids).length);
  t.is(distinct.size, new Set([...ggufPreTokenizers.values()].map((entry) => entry.patterns.join("\n"))).size);
});

test("SentencePiece GGUF vocabularies give sentencepiece's ids", async (t) => {
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(sentencepieceMetadata()), "x.gguf");
  for (const [index, text] of sentencepiece.texts.entries()) {
    const ids = tokenizer.encode(text, { addSpecialTokens: false });
    t.deepEqual([...ids], sentencepiece.ids[index], JSON.stringify(text));
    if (!text.includes("\u2581")) t.is(tokenizer.decode(ids, { wholeText: true }), text);
  }
});

test("BOS goes in front of a text as the file says, and by the kind's habit where it says nothing", async (t) => {
  const first = async (metadata: ReadonlyMap<string, unknown>) => {
    const tokenizer = await createTokenizer(tokenizerJsonFromGguf(metadata), "x.gguf");
    return tokenizer.specialTokensBefore.length === 0 ? undefined : tokenizer.encode("a")[0];
  };
  const bos = byteLevel.metadata["tokenizer.ggml.bos_token_id"] as number;
  t.is(await first(byteLevelMetadata("smollm")), undefined);
  t.is(await first(byteLevelMetadata("llama-bpe")), bos);
  t.is(await first(byteLevelMetadata("llama-bpe", { "tokenizer.ggml.add_bos_token": false })), undefined);
  t.is(await first(byteLevelMetadata("smollm", { "tokenizer.ggml.add_bos_token": true })), bos);
  t.is(await first(sentencepieceMetadata()), 1);
  t.is(await first(sentencepieceMetadata({ "tokenizer.ggml.add_bos_token": false })), undefined);
});

test("add_space_prefix false leaves the start of a text alone", async (t) => {
  const metadata = sentencepieceMetadata({ "tokenizer.ggml.add_space_prefix": false });
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(metadata), "x.gguf");
  t.false(tokenizer.addsSpace);
  t.is(tokenizer.decode(tokenizer.encode("the answer", { addSpecialTokens: false })), "the answer");
});

test("special ids are read as numbers whatever their width, and default to SentencePiece's", (t) => {
  const metadata = byteLevelMetadata("smollm", { "tokenizer.ggml.eot_token_id": 5n });
  t.deepEqual(ggufSpecialIds(metadata), { bos: 900, eos: 902, endOfTurn: 5 });
  const bare = new Map(sentencepieceMetadata());
  bare.delete("tokenizer.ggml.bos_token_id");
  bare.delete("tokenizer.ggml.eos_token_id");
  t.deepEqual(ggufSpecialIds(bare), { bos: 1, eos: 2 });
});

test("unknown, control and named tokens are special, user-defined ones are text that is never cut", async (t) => {
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(sentencepieceMetadata()), "x.gguf");
  const special = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"].map((token) => tokenizer.tokenToId(token) as number);
  t.true(special.every((id) => tokenizer.isSpecial(id)));
  const step = tokenizer.tokenToId("<step>") as number;
  t.false(tokenizer.isSpecial(step));
  t.true(tokenizer.encode("a<step>b").includes(step));
});

test("a token named __proto__ is a token", async (t) => {
  const tokens = [...(byteLevel.metadata["tokenizer.ggml.tokens"] as string[])];
  tokens[904] = "__proto__";
  const metadata = byteLevelMetadata("gpt-2", { "tokenizer.ggml.tokens": tokens });
  const tokenizer = await createTokenizer(tokenizerJsonFromGguf(metadata), "x.gguf");
  t.is(tokenizer.tokenToId("__proto__"), 904);
  t.is(tokenizer.decode([904]), "__proto__");
});

const tokens = byteLevel.metadata["tokenizer.ggml.tokens"] as string[];
const broken: [claim: string, metadata: ReadonlyMap<string, unknown>, message: RegExp][] = [
  [
    "an unknown pre-tokenizer is named",
    byteLevelMetadata("runic"),
    /tokenizer\.ggml\.pre .* received "runic" in m\.gguf/,
  ],
  [
    "an unknown kind of tokenizer is named",
    byteLevelMetadata("gpt-2", { "tokenizer.ggml.model": "rwkv" }),
    /tokenizer\.ggml\.model to be gpt2 or llama, received "rwkv"/,
  ],
  [
    "missing tokens are named",
    new Map([["tokenizer.ggml.model", "gpt2"]]),
    /tokenizer\.ggml\.tokens .* received nothing/,
  ],
  [
    "token types of another length are named",
    byteLevelMetadata("gpt-2", { "tokenizer.ggml.token_type": [1, 1] }),
    /token_type to be an array of 905 numbers/,
  ],
  [
    "two tokens with one text are named",
    byteLevelMetadata("gpt-2", { "tokenizer.ggml.tokens": [...tokens.slice(0, 904), tokens[3]] }),
    /tokens\[904\] .*token 3 has it/,
  ],
  [
    "a merge that is not two tokens is named",
    byteLevelMetadata("gpt-2", { "tokenizer.ggml.merges": ["a b", "ab"] }),
    /merges\[1\] .* received "ab"/,
  ],
  [
    "an end token outside the vocabulary is named",
    byteLevelMetadata("gpt-2", { "tokenizer.ggml.eos_token_id": 905 }),
    /eos_token_id to be a token id below 905/,
  ],
  [
    "a SentencePiece vocabulary without scores is named",
    sentencepieceMetadata({ "tokenizer.ggml.scores": undefined }),
    /tokenizer\.ggml\.scores .* received nothing/,
  ],
];
for (const [claim, metadata, message] of broken) {
  test(claim, (t) => {
    const error = t.throws(() => tokenizerJsonFromGguf(metadata, "m.gguf"), { instanceOf: ErprmError, message });
    t.is(error.code, "ERPRM_INVALID_DATA");
  });
}
