import test from "ava";
import { alignSteps } from "../../../src/text/align-steps.js";
import { byteTextModel } from "../../../src/text/byte-text-model.js";
import { cutSolution } from "../../../src/text/cut-solution.js";
import { splitSteps } from "../../../src/text/split-steps.js";

const { tokenizer, renderPrompt, encodePrompt } = byteTextModel();
const solution = "Zuerst 3 \u20ac.\nDann \u{1f34e}.\nThe answer is 4.";

test("a text is its UTF-8, and comes back", (t) => {
  t.deepEqual([...tokenizer.encode("a\u20ac")], [0x61, 0xe2, 0x82, 0xac]);
  t.is(tokenizer.decode(tokenizer.encode(solution)), solution);
  t.is(tokenizer.decode(tokenizer.encode("a\ud800")), "a\ufffd");
  t.throws(() => tokenizer.decode([256]), { code: "ERPRM_INVALID_ARGUMENT" });
});

test("steps are cut where the text is cut", (t) => {
  const cut = cutSolution(tokenizer.encode(solution), tokenizer.tokenBytes(), { kind: "newline" });
  t.deepEqual(cut.steps, splitSteps(solution, { kind: "newline" }));
  t.is(cut.numMoved, 0);
});

test("a prefix ends with its step, and never inside of a character", (t) => {
  const steps = splitSteps(solution, { kind: "newline" });
  const prompt = renderPrompt({ question: "Wie viele?" });
  const { tokenIds, promptEnd, stepEnds } = alignSteps({
    ...{ tokenizer, encodePrompt, prompt, steps },
    rule: { kind: "newline" },
  });
  t.is(tokenizer.decode(tokenIds.subarray(0, promptEnd)), prompt);
  const prefixes = stepEnds.map((end) => tokenizer.decode(tokenIds.subarray(promptEnd, promptEnd + end)));
  // Behind "Answer:" there is a space.
  t.deepEqual(prefixes, [` ${steps[0]}`, ` ${steps[0]}${steps[1]}`, ` ${solution}`]);
});

test("questions are asked in plain text", (t) => {
  t.is(renderPrompt({ question: "Q", template: "<{question}>" }), "<Q>");
  t.regex(renderPrompt({ question: "How many?" }), /^Question: How many\?/);
});
