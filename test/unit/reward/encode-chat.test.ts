import test from "ava";
import type { ChatConvention } from "../../../src/reward/convention.js";
import { stepEncoder } from "../../../src/reward/encode-steps.js";
import { parseStepRule } from "../../../src/text/step-rule.js";
import { chatMl, chatModel, idsOf, llamaChat, smollm, smollmChat, tokenText } from "./conventions.js";

const rule = parseStepRule("auto");
const question = "What is 2 + 3?";
const steps = ["We add +2 and -3.\n\n", "It is 5."];

function convention(positive: number, negative: number, more: Partial<ChatConvention> = {}): ChatConvention {
  const candidates = { positive: tokenText([positive], "+"), negative: tokenText([negative], "-") };
  return { kind: "chat", prompt: { instruction: "" }, candidates, ...more };
}

const [plus, minus] = [idsOf(smollm, "+")[0] as number, idsOf(smollm, "-")[0] as number];

test("a step's score is read in front of its answer, and the conversation is encoded as the template writes it", (t) => {
  const { tokenIds, positions } = stepEncoder(smollmChat, convention(plus, minus), rule).encode({ question, steps });
  const text = ["What is 2 + 3? We add +2 and -3.", "It is 5."]
    .map((turn) => `<|im_start|>user\n${turn}<|im_end|>\n<|im_start|>assistant\n+<|im_end|>\n`)
    .join("");
  t.deepEqual([...tokenIds], [...smollmChat.encodePrompt(text)]);
  t.is(positions.length, 2);
  for (const position of positions) {
    t.is(tokenIds[position + 1], plus);
    t.is(smollmChat.tokenizer.idToToken(tokenIds[position + 2] as number), "<|im_end|>");
  }
});

test("an answer is the token it is in its place, not the one it is on its own", (t) => {
  const id = (token: string) => llamaChat.tokenizer.tokenToId(token) as number;
  t.deepEqual(idsOf(llamaChat, "+"), [id("\u2581+")]);
  const encoder = stepEncoder(llamaChat, convention(id("+"), id("-")), rule);
  const { tokenIds, positions } = encoder.encode({ question, steps });
  t.deepEqual(
    [...positions].map((position) => tokenIds[position + 1]),
    [id("+"), id("+")],
  );
});

test("candidates that stand there as other tokens are an error that names them", (t) => {
  const encoder = stepEncoder(smollmChat, convention(minus, plus), rule);
  t.throws(() => encoder.encode({ question, steps }), {
    code: "ERPRM_INVALID_DATA",
    message: /"\+" as \d+ or "-" as \d+, found 2 places/,
  });
});

test("answers of several tokens are refused", (t) => {
  const candidates = { positive: tokenText([plus], "+ + +"), negative: tokenText([minus], "-") };
  const encoder = stepEncoder(smollmChat, convention(plus, minus, { candidates }), rule);
  t.throws(() => encoder.encode({ question, steps }), { code: "ERPRM_INVALID_DATA", message: /one token/ });
});

test("a template that drops the answers, or writes turns otherwise when others follow, is refused", async (t) => {
  const silent = await chatModel(
    chatMl.replace("{{ message.content }}", "{{ message.content if message.role == 'user' else '' }}"),
  );
  t.throws(() => stepEncoder(silent, convention(plus, minus), rule).encode({ question, steps }), {
    code: "ERPRM_INVALID_DATA",
    message: /do not show the answers/,
  });
  const looksAhead = await chatModel(`{{ messages | length }}${chatMl}`);
  t.throws(() => stepEncoder(looksAhead, convention(plus, minus), rule).encode({ question, steps }), {
    code: "ERPRM_INVALID_DATA",
    message: /first 1 steps alike/,
  });
});

test("the system message and the instruction are where they are for policies", (t) => {
  const prompt = { system: "Judge.", instruction: "Think." };
  const { tokenIds } = stepEncoder(smollmChat, convention(plus, minus, { prompt }), rule).encode({ question, steps });
  const text = smollmChat.tokenizer.decode(tokenIds);
  t.true(text.startsWith("<|im_start|>system\nJudge.<|im_end|>\n<|im_start|>user\nWhat is 2 + 3?\nThink. We add"));
});

test("a model without a chat template, a plain template and no steps are refused", (t) => {
  t.throws(() => stepEncoder(smollm, convention(plus, minus), rule), { message: /chat template/ });
  const plain = convention(plus, minus, { prompt: { template: "{question}" } });
  t.throws(() => stepEncoder(smollmChat, plain, rule), { message: /without a plain template/ });
  t.throws(() => stepEncoder(smollmChat, convention(plus, minus), rule).encode({ question, steps: [] }), {
    message: /steps/,
  });
});
