import test from "ava";
import { createTokenizer } from "../../../src/text/tokenizer.js";
import { importScript } from "../../support/script.js";

interface TokenizerScript {
  endToken: string;
  trainTokenizer(
    texts: string[],
    limits: { vocabularySize: number; minCount: number },
  ): { model: { vocab: Record<string, number>; merges: string[] } };
}

const { trainTokenizer, endToken } = await importScript<TokenizerScript>("tiny/train-tokenizer.mjs");
const texts = Array.from({ length: 40 }, (_, i) => `Mia has ${i} pens.\nMia has ${i} + ${i} = ${2 * i} pens.`);

test("merges are learned until words are single tokens or the vocabulary is full", async (t) => {
  const whole = trainTokenizer(texts, { vocabularySize: 400, minCount: 10 });
  const tokenizer = await createTokenizer(whole, "whole");
  const pieces = [...tokenizer.encode("Mia has 17 pens.")].map((id) => tokenizer.decode([id]));
  t.deepEqual(pieces, ["Mia", " has", " ", "1", "7", " pens", "."]);
  const full = trainTokenizer(texts, { vocabularySize: 268, minCount: 10 });
  t.is(Object.keys(full.model.vocab).length, 268);
  t.is(full.model.merges.length, 268 - 257);
});

test("pairs that are too rare stay apart", (t) => {
  const { model } = trainTokenizer(["Zoe Zoe Zoe"], { vocabularySize: 400, minCount: 4 });
  t.false("Zoe" in model.vocab);
  t.true("Zoe" in trainTokenizer(["Zoe Zoe Zoe"], { vocabularySize: 400, minCount: 1 }).model.vocab);
});

test("every byte has a token, the end token is the first, and ids are without gaps", (t) => {
  const { vocab } = trainTokenizer(texts, { vocabularySize: 300, minCount: 10 }).model;
  t.is(vocab[endToken], 0);
  const ids = Object.values(vocab).sort((a, b) => a - b);
  t.deepEqual(ids, [...ids.keys()]);
  t.is(Object.keys(vocab).filter((token) => [...token].length === 1).length, 256);
});

test("the tokenizer is a function of its texts", (t) => {
  const limits = { vocabularySize: 320, minCount: 5 };
  t.deepEqual(trainTokenizer(texts, limits), trainTokenizer([...texts].reverse(), limits));
});
