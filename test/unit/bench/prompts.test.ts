import test from "ava";
import { type PromptText, qualityPieces, randomPrompts, textPrompts } from "../../bench/prompts.js";

/** A token a character. */
const text: PromptText = {
  renderPrompt: ({ question }) => `Q: ${question}\nA: `,
  encodePrompt: (words) => Int32Array.from(words, (character) => character.charCodeAt(0)),
  stopTokenIds: [3],
};
const decode = (tokens: readonly number[]) => String.fromCharCode(...tokens);

test("each prefix of a solution ends after a step and begins the trunk", (t) => {
  const { tokens, prefixLengths } = textPrompts(text).solution(0, 4);
  t.is(prefixLengths.length, 4);
  t.is(prefixLengths.at(-1), tokens.length);
  for (const length of prefixLengths) {
    const words = decode(tokens.slice(0, length));
    t.true(words.startsWith("Q: A bakery"));
    t.true(words.endsWith(".\n\n"));
  }
});

test("running text has exactly the length that is asked for", (t) => {
  for (const source of [textPrompts(text), randomPrompts(50)]) {
    for (const length of [1, 64, 5000]) t.is(source.running(length).length, length);
  }
});

test("random prompts stay below the vocabulary and differ by problem", (t) => {
  const source = randomPrompts(50);
  t.true(source.running(3000).every((id) => Number.isInteger(id) && id >= 0 && id < 50));
  t.notDeepEqual(source.question(0), source.question(1));
  t.deepEqual(source.question(3), source.question(3));
  const { tokens, prefixLengths } = source.solution(0, 8);
  t.is(prefixLengths.at(-1), tokens.length);
});

test("the pieces that engines are compared on hold as many tokens as asked, the licence's first", (t) => {
  const pieces = qualityPieces(textPrompts(text), text, 12000, 512);
  t.is(
    pieces.reduce((sum, piece) => sum + piece.length, 0),
    12000,
  );
  t.true(pieces.every((piece) => piece.length <= 512));
  t.true(decode(pieces[0] as number[]).includes("Apache License"));
  t.true(decode(pieces.at(-1) as number[]).includes("the"));
});

test("a piece of one token is left out: it has no log-probability", (t) => {
  t.deepEqual(
    qualityPieces(randomPrompts(50), undefined, 21, 10).map((piece) => piece.length),
    [10, 10],
  );
});
