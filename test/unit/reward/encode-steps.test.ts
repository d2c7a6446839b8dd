import test from "ava";
import fc from "fast-check";
import { stepEncoder } from "../../../src/reward/encode-steps.js";
import { parseStepRule } from "../../../src/text/step-rule.js";
import type { TextModel } from "../../../src/text/text-model.js";
import { idsOf, llama, smollm, smollmChat, stepTag, tokenText } from "./conventions.js";

const newline = parseStepRule("newline");
const question = "What is 2 + 3, times 2?";
const steps = ["We add 2 + 3 = 5.\n", "Then 5 * 2 = 10.\n", "The answer is 10."];

/** What is left of the tokens when each tag, which ends at a position, is taken out. */
function withoutTags(tokenIds: Int32Array, positions: Int32Array, tag: readonly number[]): number[] {
  const cut = new Set([...positions].flatMap((position) => tag.map((_, i) => position - i)));
  return [...tokenIds].filter((_, index) => !cut.has(index));
}

for (const [name, model, tagText] of [
  ["byte-level", smollm, "ки"],
  ["SentencePiece", llama, "ки"],
] as const) {
  const tag = tokenText(idsOf(model, tagText), ` ${tagText}`);

  test(`${name}: with the tags taken out, the tokens are those of the solution's text`, (t) => {
    const { tokenIds, positions } = stepEncoder(model, stepTag(tag), newline).encode({ question, steps });
    t.deepEqual(withoutTags(tokenIds, positions, tag.tokenIds), [
      ...model.encodePrompt(`${question} ${steps.join("")}`),
    ]);
    t.is(positions.length, 3);
    for (const position of positions) {
      t.deepEqual([...tokenIds.subarray(position + 1 - tag.tokenIds.length, position + 1)], tag.tokenIds);
    }
    t.is(positions[2], tokenIds.length - 1, "the last step has its tag");
  });

  test(`${name}: there is one rising position a step, whatever the steps are made of`, (t) => {
    const part = fc.constantFrom("a", "the ", "\n", " ", "12", "\u4E2D", "\u{1F600}", ".", "ки", " ки", "<|im_end|>");
    const texts = fc.array(
      fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 5 },
    );
    for (const layout of [undefined, { afterTag: "\n", apart: false }, { afterTag: "", apart: true }]) {
      const encoder = stepEncoder(model, stepTag(tag, { layout }), newline);
      fc.assert(
        fc.property(texts, (some) => {
          const { tokenIds, positions } = encoder.encode({ question, steps: some });
          return (
            positions.length === some.length &&
            positions.every((position, i) => position >= tag.tokenIds.length + (positions[i - 1] ?? -1)) &&
            positions.every((position) => tokenIds[position] === tag.tokenIds.at(-1)) &&
            positions.at(-1) === tokenIds.length - 1
          );
        }),
      );
    }
    t.pass();
  });
}

test("a tag that the text around it would swallow keeps its own tokens", (t) => {
  // Encoded with the text, a line end behind the tag's line end becomes one token of two.
  const two = idsOf(smollm, "\n\n");
  t.notDeepEqual(two, [...idsOf(smollm, "\n"), ...idsOf(smollm, "\n")]);
  const tag = tokenText(idsOf(smollm, "\n"), "\n");
  const { tokenIds, positions } = stepEncoder(smollm, stepTag(tag), newline).encode({ question, steps });
  for (const position of positions) t.is(tokenIds[position], tag.tokenIds[0]);
  t.deepEqual(withoutTags(tokenIds, positions, tag.tokenIds), [
    ...smollm.encodePrompt(`${question} ${steps.join("")}`),
  ]);
});

test("Math-Shepherd's layout gives the tokens of its text: the tag in front of the line end", (t) => {
  for (const model of [smollm, llama]) {
    const tag = tokenText(idsOf(model, model.tokenizer.addsSpace ? "ки" : " ки"), " ки");
    const convention = stepTag(tag, { layout: { afterTag: "\n", apart: false } });
    const { tokenIds, positions } = stepEncoder(model, convention, newline).encode({ question, steps });
    const text = `${question} We add 2 + 3 = 5. ки\nThen 5 * 2 = 10. ки\nThe answer is 10. ки`;
    t.deepEqual([...tokenIds], [...model.encodePrompt(text)]);
    t.is(positions.length, 3);
  }
});

test("ER-PRM's layout leaves the line end out", (t) => {
  const tag = tokenText(idsOf(llama, "ки"), " ки");
  const convention = stepTag(tag, { layout: { afterTag: "", apart: false } });
  const { tokenIds } = stepEncoder(llama, convention, newline).encode({ question, steps });
  t.deepEqual(
    [...tokenIds],
    [...llama.encodePrompt(`${question} We add 2 + 3 = 5. киThen 5 * 2 = 10. киThe answer is 10. ки`)],
  );
});

test("TRL's layout encodes the prompt and every step on its own", (t) => {
  const tag = tokenText(idsOf(smollm, "\n"), "\n");
  const convention = stepTag(tag, { prompt: { template: "{question}" }, layout: { afterTag: "", apart: true } });
  const { tokenIds, positions } = stepEncoder(smollm, convention, newline).encode({ question, steps });
  const parts = [question, ...steps.flatMap((step) => [step.trim(), "\n"])];
  t.deepEqual(
    [...tokenIds],
    parts.flatMap((part) => idsOf(smollm, part)),
  );
  t.deepEqual(
    [...tokenIds].filter((_, index) => positions.includes(index)),
    [tag.tokenIds[0], tag.tokenIds[0], tag.tokenIds[0]],
  );
});

test("Qwen's layout gives the tokens of its chat with the separator in the text", (t) => {
  const id = smollmChat.tokenizer.tokenToId("<|im_end|>") as number;
  const tag = tokenText([id], "<|im_end|>");
  const prompt = { system: "Reason.", instruction: "" };
  const convention = {
    kind: "classification" as const,
    prompt,
    tag,
    layout: { afterTag: "", apart: false },
    positiveClass: 1,
  };
  const { tokenIds, positions } = stepEncoder(smollmChat, convention, newline).encode({ question, steps });
  const text = `<|im_start|>system\nReason.<|im_end|>\n<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n${steps
    .map((step) => `${step.trim()}<|im_end|>`)
    .join("")}`;
  t.deepEqual([...tokenIds], [...smollmChat.encodePrompt(text)]);
  t.deepEqual(
    [...positions].map((position) => tokenIds[position]),
    [id, id, id],
  );
});

test("a tag that the policy wrote itself is not doubled", (t) => {
  for (const layout of [undefined, { afterTag: "\n", apart: false }]) {
    const tag = tokenText(idsOf(smollm, " ки"), " ки");
    const encoder = stepEncoder(smollm, stepTag(tag, { layout }), parseStepRule("tag:ки"));
    const tagged = ["We add. ки\n", "It is 5. ки"];
    t.deepEqual(
      encoder.encode({ question, steps: tagged }),
      encoder.encode({ question, steps: ["We add.\n", "It is 5."] }),
    );
  }
});

test("the score of a step does not see the steps after it", (t) => {
  for (const model of [smollm, llama] as TextModel[]) {
    const tag = tokenText(idsOf(model, "ки"), "ки");
    const encoder = stepEncoder(model, stepTag(tag), newline);
    const whole = encoder.encode({ question, steps });
    const part = encoder.encode({ question, steps: steps.slice(0, 2) });
    t.deepEqual([...part.tokenIds], [...whole.tokenIds.subarray(0, part.tokenIds.length)]);
    t.deepEqual([...part.positions], [...whole.positions.subarray(0, 2)]);
  }
});

test("no steps and tags that are no tokens are refused", (t) => {
  const encoder = stepEncoder(smollm, stepTag(tokenText([1], "x")), newline);
  t.throws(() => encoder.encode({ question, steps: [] }), { code: "ERPRM_INVALID_ARGUMENT", message: /steps/ });
  t.throws(() => stepEncoder(smollm, stepTag(tokenText([999999], "x")), newline), { message: /999999/ });
  t.throws(() => stepEncoder(smollm, stepTag(tokenText([], "")), newline), { message: /at least one token/ });
});
