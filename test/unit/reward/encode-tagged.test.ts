import test from "ava";
import { stepEncoder } from "../../../src/reward/encode-steps.js";
import { encodeTagged, taggedTokens } from "../../../src/reward/encode-tagged.js";
import { conventionPresets } from "../../../src/reward/presets.js";
import { resolveConvention } from "../../../src/reward/resolve-convention.js";
import { parseStepRule } from "../../../src/text/step-rule.js";
import type { TextModel } from "../../../src/text/text-model.js";
import { idsOf, llama, llamaChat, smollm, smollmChat, stepTag, tokenText } from "./conventions.js";

const rule = parseStepRule("newline");
const question = "What is 2 + 3, times 2?";
const steps = ["We add 2 + 3 = 5.\n", "Then 5 * 2 = 10.\n", "The answer is 10."];
const words = steps.map((step) => step.trim());

const models: [string, TextModel][] = [
  ["byte-level", smollm],
  ["SentencePiece", llama],
];

for (const [name, model] of models) {
  test(`${name}: text rendered as Math-Shepherd's and ER-PRM's authors do gives the tokens that scoring gives`, (t) => {
    for (const [preset, between] of [
      ["math-shepherd", "\n"],
      ["er-prm", ""],
    ] as const) {
      const convention = resolveConvention(model, conventionPresets[preset].request);
      const text = `${question} ${words.join(` ки${between}`)} ки`;
      const expected = stepEncoder(model, convention, rule).encode({ question, steps });
      t.deepEqual(encodeTagged(model, text, convention), expected, preset);
      // As a server does that encodes the text as a whole.
      const whole = model.encodePrompt(text);
      t.deepEqual(taggedTokens(whole, convention), expected, preset);
    }
  });

  test(`${name}: text rendered for a model of ours gives the tokens that scoring gives`, (t) => {
    const convention = stepTag(tokenText(idsOf(model, "ки"), " ки"));
    const text = `${question} ${steps.join(" ки")} ки`;
    t.deepEqual(
      encodeTagged(model, text, convention),
      stepEncoder(model, convention, rule).encode({ question, steps }),
    );
  });
}

test("a rendered chat with a special token after every step gives the tokens that scoring gives, its end left out", (t) => {
  const tag = "<|endoftext|>";
  const request = { ...conventionPresets["qwen2.5-math-prm"].request, tag };
  const convention = resolveConvention(smollmChat, request);
  const prompt = smollmChat.renderPrompt({ question, system: request.prompt.system, instruction: "" });
  const expected = stepEncoder(smollmChat, convention, rule).encode({ question, steps });
  for (const end of ["", "<|im_end|>\n", "<|im_end|><|im_end|>"]) {
    t.deepEqual(encodeTagged(smollmChat, `${prompt}${words.join(tag)}${tag}${end}`, convention), expected);
  }
});

test("text without a tag is refused, and so is a model that is asked in a chat", (t) => {
  const convention = stepTag(tokenText(idsOf(smollm, "ки"), " ки"));
  t.throws(() => encodeTagged(smollm, "no tag", convention), { code: "ERPRM_INVALID_DATA", message: /" ки"/ });
  t.throws(() => encodeTagged(smollm, "", convention), { code: "ERPRM_INVALID_DATA" });
  t.throws(() => taggedTokens(Int32Array.of(1, 2), convention), { code: "ERPRM_INVALID_DATA" });
  const chat = resolveConvention(llamaChat, conventionPresets.rlhflow.request);
  t.throws(() => encodeTagged(llamaChat, "a ки", chat), { code: "ERPRM_INVALID_ARGUMENT", message: /step tag/ });
});

test("tags of several tokens are found whole, one behind the other", (t) => {
  const convention = stepTag(tokenText([7, 7], "xx"));
  const { tokenIds, positions } = taggedTokens(Int32Array.of(1, 7, 7, 7, 7, 2, 7), convention);
  t.deepEqual(
    [[...tokenIds], [...positions]],
    [
      [1, 7, 7, 7, 7],
      [2, 4],
    ],
  );
});
