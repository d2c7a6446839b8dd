import test from "ava";
import { stepEncoder } from "../../../src/reward/encode-steps.js";
import { conventionNames, conventionPresets, presetNamed, presetOfArchitectures } from "../../../src/reward/presets.js";
import { resolveConvention } from "../../../src/reward/resolve-convention.js";
import { parseStepRule } from "../../../src/text/step-rule.js";
import { makeTextModel } from "../../support/fake-policy.js";
import { brackets, chatModel, idsOf, llama, llamaChat, smollm, smollmChat } from "./conventions.js";

const bytes = await makeTextModel();
const codes = (text: string) => [...Buffer.from(text)];

test("the default is ER-PRM's: a tag after each step, the signs with the space in front of them", (t) => {
  const convention = resolveConvention(llama);
  if (convention.kind !== "step-tag") return t.fail();
  t.is(llama.tokenizer.decode(convention.tag.tokenIds), " ки");
  const id = (token: string) => llama.tokenizer.tokenToId(token) as number;
  t.deepEqual(convention.candidates.positive, { text: " +", tokenIds: [id("\u2581+")] });
  t.deepEqual(convention.candidates.negative, { text: " -", tokenIds: [id("\u2581-")] });
});

test("where sign and space are two tokens, the sign decides", (t) => {
  const convention = resolveConvention(bytes);
  if (convention.kind !== "step-tag") return t.fail();
  t.deepEqual(convention.tag, { text: " ки", tokenIds: codes(" ки") });
  t.deepEqual(convention.candidates, {
    positive: { text: "+", tokenIds: codes("+") },
    negative: { text: "-", tokenIds: codes("-") },
  });
});

test("candidates of several tokens are refused, and the message says what they encode to", (t) => {
  for (const [model, request] of [
    [bytes, { positive: "yes", negative: "no" }],
    [bytes, { positive: " +", negative: "-" }],
    [bytes, { positive: "a+", negative: "a-" }],
  ] as const) {
    t.throws(() => resolveConvention(model, request), {
      code: "ERPRM_INVALID_ARGUMENT",
      message: /(positive|negative) candidate to be one token .*encodes to \d+ \(/,
    });
  }
});

test("equal candidates, and ids beyond the model's output matrix, are refused", (t) => {
  t.throws(() => resolveConvention(bytes, { positive: "+", negative: "+" }), { message: /another token/ });
  t.throws(() => resolveConvention(bytes, { tag: "*", positive: "+", negative: "-" }, 44), {
    message: /token 45, and the model has 44/,
  });
  t.throws(() => resolveConvention(bytes, {}, 100), { message: /the step tag/ });
});

test("a tag that the vocabulary cannot spell is refused", (t) => {
  t.throws(() => resolveConvention(llama, { tag: "" }), { message: /the step tag .*spell/ });
  t.throws(() => resolveConvention(smollm, { tag: "" }), { code: "ERPRM_INVALID_ARGUMENT" });
});

test("a special token's name is that token, and a tag without a space has none in SentencePiece either", (t) => {
  const special = resolveConvention(smollmChat, { kind: "classification", tag: "<|im_end|>" });
  if (special.kind !== "classification") return t.fail();
  t.deepEqual(special.tag.tokenIds, [smollmChat.tokenizer.tokenToId("<|im_end|>") as number]);
  t.is(special.positiveClass, 0);
  const bare = resolveConvention(llama, { kind: "classification", tag: "he" });
  if (bare.kind !== "classification") return t.fail();
  t.is(llama.tokenizer.decode(bare.tag.tokenIds), "he");
});

test("in a chat the candidates are the tokens in the answer's place", (t) => {
  const convention = resolveConvention(llamaChat, { kind: "chat", prompt: { instruction: "" } });
  if (convention.kind !== "chat") return t.fail();
  t.deepEqual(convention.candidates.positive.tokenIds, [llamaChat.tokenizer.tokenToId("+") as number]);
  t.notDeepEqual(convention.candidates.positive.tokenIds, idsOf(llamaChat, "+"));
  const encoder = stepEncoder(llamaChat, convention, parseStepRule("auto"));
  t.is(encoder.encode({ question: "q", steps: ["a", "b", "c"] }).positions.length, 3);
  t.throws(() => resolveConvention(smollm, { kind: "chat" }), { message: /chat template/ });
});

test("in a chat, answers that the template's text swallows are refused", async (t) => {
  const several = { kind: "chat", positive: "right indeed", negative: "wrong" } as const;
  t.throws(() => resolveConvention(smollmChat, several), { code: "ERPRM_INVALID_ARGUMENT", message: /right indeed/ });
  const bracketed = await chatModel(brackets);
  t.notThrows(() => resolveConvention(bracketed, { kind: "chat" }));
});

test("presets resolve on a model of their kind and give one position a step", (t) => {
  for (const name of conventionNames) {
    const { request } = conventionPresets[name];
    const known = "tag" in request && request.tag === "<extra_0>" ? { ...request, tag: "<|im_end|>" } : request;
    const convention = resolveConvention(smollmChat, known);
    const encoded = stepEncoder(smollmChat, convention, parseStepRule("auto")).encode({
      question: "2 + 3?",
      steps: ["a", "b"],
    });
    t.is(encoded.positions.length, 2, name);
  }
  t.throws(() => resolveConvention(bytes, conventionPresets["qwen2.5-math-prm"].request, 44), { message: /<extra_0>/ });
});

test("presets are found by name and by architecture", (t) => {
  t.is(presetNamed("er-prm"), conventionPresets["er-prm"]);
  t.is(presetNamed("toString"), undefined);
  t.is(presetOfArchitectures(["Qwen2ForProcessRewardModel"]), conventionPresets["qwen2.5-math-prm"]);
  t.is(presetOfArchitectures(["LlamaForTokenClassification"]), conventionPresets.trl);
  t.is(presetOfArchitectures(["MistralForCausalLM"]), undefined);
});
