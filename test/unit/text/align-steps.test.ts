import test from "ava";
import fc from "fast-check";
import { alignSteps } from "../../../src/text/align-steps.js";
import { parseStepRule } from "../../../src/text/step-rule.js";
import { loadText } from "../../../src/text/text-model.js";
import { createTokenizer } from "../../../src/text/tokenizer.js";
import { byteLevelMetadata, sentencepieceMetadata } from "./fixtures.js";

const smollm = await loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm") });
const llama = await loadText({ kind: "gguf", ggufMetadata: sentencepieceMetadata() });
const newline = parseStepRule("newline");

for (const [name, model] of [
  ["byte-level", smollm],
  ["SentencePiece", llama],
] as const) {
  test(`${name}: the whole text is encoded once, and each step is the text of its tokens`, (t) => {
    const prompt = "Question: 2 + 3, times 2?\nAnswer:";
    const steps = [" We add 2 + 3 = 5.", "Then 5 * 2 = 10.", "The answer is 10."];
    const aligned = alignSteps({ ...model, prompt, steps, rule: newline });
    t.deepEqual(aligned.tokenIds, model.encodePrompt(prompt + steps.join("\n")));
    t.deepEqual(aligned.steps, [" We add 2 + 3 = 5.\n", "Then 5 * 2 = 10.\n", "The answer is 10."]);
    const solution = aligned.tokenIds.subarray(aligned.promptEnd);
    t.is(aligned.stepEnds.at(-1), solution.length);
    const tokens = model.tokenizer;
    if (aligned.numMoved === 0) {
      let from = 0;
      for (const [index, to] of aligned.stepEnds.entries()) {
        t.is(tokens.decode(solution.subarray(from, to)), aligned.steps[index] as string);
        from = to;
      }
    }
    t.is(aligned.numMoved, 0);
  });

  test(`${name}: ends never fall and reach the last token, whatever the steps`, (t) => {
    const step = fc.array(
      fc.constantFrom("a", "the ", "\n", " ", "12", "\u4E2D", "\u{1F600}", ".", "he", "<|im_end|>"),
      { maxLength: 8 },
    );
    const steps = fc.array(
      step.map((parts) => parts.join("")),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(steps, (texts) => {
        const { tokenIds, promptEnd, stepEnds } = alignSteps({
          ...model,
          prompt: "Q: x\nA:",
          steps: texts,
          rule: newline,
        });
        const rises = stepEnds.every((end, index) => end >= (stepEnds[index - 1] ?? 0));
        return rises && stepEnds.length === texts.length && promptEnd + (stepEnds.at(-1) as number) === tokenIds.length;
      }),
    );
    t.pass();
  });
}

/** Bytes 0..255 as tokens, plus the merge of "." and a line end with the letter that follows. */
async function straddling() {
  const metadata = new Map(byteLevelMetadata("smollm"));
  const json = {
    decoder: { type: "ByteLevel" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: false },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(
        [...(metadata.get("tokenizer.ggml.tokens") as string[]).slice(0, 256), "\u010Ab"].map((token, id) => [
          token,
          id,
        ]),
      ),
      merges: [["\u010A", "b"]],
    },
  };
  const tokenizer = await createTokenizer(json, "x");
  return { tokenizer, encodePrompt: (text: string) => tokenizer.encode(text) };
}

test("an end inside a token moves to the token's end, and is counted", async (t) => {
  const model = await straddling();
  const aligned = alignSteps({ ...model, prompt: "Q\n", steps: ["a", "b", "c"], rule: newline });
  t.is(aligned.tokenIds.length, 6);
  t.deepEqual([aligned.promptEnd, aligned.stepEnds, aligned.numMoved], [2, [2, 3, 4], 1]);
});

test("a prompt that ends inside a token takes the token, and the step that it covers has no tokens", async (t) => {
  const model = await straddling();
  const aligned = alignSteps({ ...model, prompt: "Q\n", steps: ["b", "c"], rule: parseStepRule("step-number") });
  t.deepEqual([aligned.promptEnd, aligned.stepEnds, aligned.numMoved], [2, [1, 2], 1]);
});

test("a text that the tokenizer normalises is aligned in its normal form", async (t) => {
  const { tokenizer: plain } = await straddling();
  const json = {
    normalizer: { type: "NFC" },
    decoder: { type: "ByteLevel" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: false },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(Array.from({ length: 256 }, (_, id) => [plain.idToToken(id), id])),
      merges: [],
    },
  };
  const tokenizer = await createTokenizer(json, "x");
  t.is(tokenizer.unicodeForm, "NFC");
  const encodePrompt = (text: string) => tokenizer.encode(text);
  const aligned = alignSteps({ tokenizer, encodePrompt, prompt: "e\u0301\n", steps: ["a", "b"], rule: newline });
  t.deepEqual([aligned.promptEnd, aligned.stepEnds, aligned.numMoved], [3, [2, 3], 0]);
});

test("a prompt that ends in a word is followed by a space, one that ends in a turn's opening is not", (t) => {
  const first = (prompt: string, step: string) => alignSteps({ ...smollm, prompt, steps: [step], rule: newline }).steps;
  t.deepEqual(first("Answer:", "We add."), [" We add."]);
  t.deepEqual(first("Answer:", " We add."), [" We add."]);
  t.deepEqual(first("assistant\n", "We add."), ["We add."]);
  t.deepEqual(first("x<|im_start|>", "We add."), ["We add."]);
  t.deepEqual(first("", "We add."), ["We add."]);
});

test("tokens that do not spell the text are an error that says where", (t) => {
  const encodePrompt = () => smollm.tokenizer.encode("something else");
  t.throws(() => alignSteps({ ...smollm, encodePrompt, prompt: "Q", steps: ["a"], rule: newline }), {
    code: "ERPRM_INVALID_DATA",
    message: /token 0 .* byte 0/,
  });
});

test("no steps are refused", (t) => {
  t.throws(() => alignSteps({ ...smollm, prompt: "Q", steps: [], rule: newline }), { code: "ERPRM_INVALID_ARGUMENT" });
});
