/** The tokenizer of the built-in policy, as it is shipped. */
import { join } from "node:path";
import test from "ava";
import { packageRoot } from "../../../src/native/loader.js";
import { type Difficulty, difficulties } from "../../../src/problems/difficulty.js";
import { generateProblem } from "../../../src/problems/generate.js";
import { defaultInstruction } from "../../../src/text/prompt.js";
import { loadText } from "../../../src/text/text-model.js";

const directory = join(packageRoot, "models", "tiny");
const text = await loadText({
  kind: "huggingface",
  path: directory,
  tokenizerPath: join(directory, "tokenizer.json"),
  tokenizerConfigPath: join(directory, "tokenizer_config.json"),
  generationConfigPath: join(directory, "generation_config.json"),
});
const { tokenizer } = text;
const encode = (words: string) => [...tokenizer.encode(words)];
const problems = (difficulty: Difficulty) =>
  Array.from({ length: 150 }, (_, index) => generateProblem(index, { split: "test", difficulty }));

test("problems and solutions come back from their tokens, none of which holds more than one digit", (t) => {
  for (const { question, solution } of difficulties.flatMap(problems)) {
    const ids = encode(`${question}\n${solution}`);
    t.is(tokenizer.decode(ids), `${question}\n${solution}`);
    for (const id of ids) t.notRegex(tokenizer.decode([id]), /\d./);
  }
});

test("the words of the stories are single tokens", (t) => {
  for (const { question, solution } of problems("default")) {
    const ids = encode(`${question}\n${solution}`);
    const numPieces = `${question}\n${solution}`.match(/\d| ?\p{L}+| ?[-+*/=] ?| ?[^\s\p{L}\d]+|\s+/gu)?.length ?? 0;
    // A name that begins a sentence or a line is rarer than one in a sentence, and may be two tokens.
    t.true(ids.length <= numPieces + 6, question);
  }
});

test("any text has tokens, and comes back from them", (t) => {
  for (const words of ["naïve 数学 😀", "x² = ½\t\r\n\n  a", "\\boxed{42}", " ки + - ки", ""]) {
    t.is(tokenizer.decode(encode(words)), words);
  }
});

test("the step tag and the candidates that reward models are trained with are one token each", (t) => {
  const ids = [" ки", " +", " -"].map(encode);
  for (const [id = -1, ...rest] of ids) {
    t.deepEqual(rest, []);
    t.false(tokenizer.isSpecial(id));
  }
  t.is(new Set(ids.flat()).size, 3);
});

test("a solution cut at its line ends has the tokens of the whole, so a prefix is what was sampled", (t) => {
  for (const { question, solution } of problems("default")) {
    const lines = solution.split(/(?<=\n)/);
    const cut = [encode(`${question}\n`), ...lines.map(encode)].flat();
    t.deepEqual(cut, encode(`${question}\n${solution}`));
  }
});

test("the default prompt is the question and a line end, token for token what training uses", (t) => {
  for (const { question } of problems("default")) {
    const prompt = text.renderPrompt({ question });
    t.is(prompt, `${question}\n`);
    t.deepEqual([...text.encodePrompt(prompt)], encode(`${question}\n`));
    t.is(tokenizer.applyChatTemplate([{ role: "user", content: `${question}\n${defaultInstruction}` }]), prompt);
  }
});

test("what a user says beyond the question is not dropped: an instruction is passed on, a system message refused", (t) => {
  t.is(text.renderPrompt({ question: "How many?", instruction: "Be brief." }), "How many?\nBe brief.\n");
  t.is(text.renderPrompt({ question: "How many?\nOf all?" }), "How many?\nOf all?\n");
  const error = t.throws(() => text.renderPrompt({ question: "How many?", system: "You count." }));
  t.regex(error?.message ?? "", /no message of the role system/);
});

test("one token ends a solution, and it ends the assistant's turn", (t) => {
  t.deepEqual(text.stopTokenIds, [0]);
  t.is(text.endTokenId, 0);
  t.is(tokenizer.idToToken(0), "<|endoftext|>");
  const turns = [
    { role: "user", content: "How many?" },
    { role: "assistant", content: "The answer is 3." },
  ] as const;
  t.is(tokenizer.applyChatTemplate(turns, { addGenerationPrompt: false }), "How many?\nThe answer is 3.<|endoftext|>");
});
