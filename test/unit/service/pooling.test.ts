import test from "ava";
import type { TextModel } from "../../../src/text/text-model.js";
import { makeTextModel } from "../../support/fake-policy.js";
import { startService } from "../../support/running-service.js";
import { byteClassification } from "../../support/tiny-scoring.js";

const solution = { question: "1 + 1?", steps: ["One and one.\n", "Two.\n"] };
/** As a client renders it: the prompt, and the step tag after every step. */
const text = "Q: 1 + 1?\nA: One and one.\n*Two.\n*";

interface Pooled {
  id: string;
  object: string;
  model: string;
  data: { index: number; object: string; data: number[][]; label: string; probs: number[]; num_classes: number }[];
  usage: { prompt_tokens: number; total_tokens: number; completion_tokens: number };
}

test("a client of vLLM's /pooling reads the scores of /v1/score out of the second of two classes", async (t) => {
  const { post, rewardModel } = await startService(t, { fake: { config: { convention: byteClassification } } });
  const [expected = []] = await rewardModel.scoreSteps([solution]);
  const { status, body } = await post("/pooling", { model: "prm", input: text, encoding_format: "float", user: "x" });
  t.is(status, 200);
  const { object, model, data, usage } = body as Pooled;
  t.deepEqual([object, model, data[0]?.object], ["list", "prm", "pooling"]);
  t.deepEqual(
    data[0]?.data.map(([, right]) => right),
    expected,
  );
  for (const [wrong = 0, right = 0] of data[0]?.data ?? []) t.true(Math.abs(wrong + right - 1) < 1e-12);
  t.is(usage.prompt_tokens, Buffer.byteLength(text));
});

test("of two candidate tokens the positive one is first", async (t) => {
  const { post, rewardModel } = await startService(t);
  const [expected = []] = await rewardModel.scoreSteps([solution]);
  const { data } = (await post("/pooling", { input: text })).body as Pooled;
  t.deepEqual(
    data[0]?.data.map(([right]) => right),
    expected,
  );
});

test("texts and tokens, one or some, are the same to both routes; what follows the last tag is not read", async (t) => {
  const { post } = await startService(t);
  const one = ((await post("/pooling", { input: text })).body as Pooled).data[0]?.data;
  const tokens = [...Buffer.from(text)];
  for (const input of [`${text} and so on`, tokens]) {
    t.deepEqual(((await post("/pooling", { input })).body as Pooled).data[0]?.data, one);
  }
  for (const input of [
    [text, `${text}Three.*`],
    [tokens, [...tokens, 65, 42]],
  ]) {
    const { data } = (await post("/pooling", { input })).body as Pooled;
    t.deepEqual(
      data.map(({ index, data: scores }) => [index, scores.length]),
      [
        [0, 2],
        [1, 3],
      ],
    );
    t.deepEqual(data[0]?.data, one);
  }
});

test("/classify gives one pair a solution: the model's own aggregate, of an outcome reward model its last score", async (t) => {
  for (const [config, pick] of [
    [{ aggregate: "min" }, (scores: number[]) => Math.min(...scores)],
    [{ kind: "outcome", aggregate: "min" }, (scores: number[]) => scores.at(-1)],
  ] as const) {
    const { post, rewardModel } = await startService(t, {
      fake: { config: { ...config, convention: byteClassification } },
    });
    const [expected = []] = await rewardModel.scoreSteps([solution]);
    const { data } = (await post("/classify", { input: [text] })).body as Pooled;
    const whole = pick(expected) as number;
    t.deepEqual(data, [
      { index: 0, label: whole >= 0.5 ? "correct" : "wrong", probs: [1 - whole, whole], num_classes: 2 },
    ] as never);
  }
});

test("messages are written by the model's chat template", async (t) => {
  const plain = await makeTextModel();
  const applyChatTemplate = (messages: readonly { role: string; content: string }[]) =>
    messages.map(({ role, content }) => `<${role}>${content}`).join("");
  const chatting: TextModel = { ...plain, tokenizer: Object.assign(plain.tokenizer, { applyChatTemplate }) };
  const { post } = await startService(t, { fake: { text: chatting } });
  const messages = [
    { role: "user", content: [{ type: "text", text: "1 + 1?" }] },
    { role: "assistant", content: "One.*Two.*" },
  ];
  const written = (await post("/pooling", { input: "<user>1 + 1?<assistant>One.*Two.*" })).body as Pooled;
  t.deepEqual(((await post("/pooling", { messages })).body as Pooled).data, written.data);
});

test("what cannot be read is named by its place", async (t) => {
  const { post } = await startService(t, { limits: { maxItems: 2 } });
  const refused: [object, string | null][] = [
    [{}, "input"],
    [{ input: text, messages: [{ role: "user", content: "x" }] }, "input"],
    [{ input: "no tag" }, "input"],
    [{ input: [text, "no tag"] }, "input[1]"],
    [{ input: [text, text, text] }, "input"],
    [
      {
        input: [
          [1, 42],
          [100_000, 42],
        ],
      },
      "input[1]",
    ],
    [{ input: { text } }, "input"],
    [{ input: text, encoding_format: "base64" }, "encoding_format"],
    [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
  ];
  for (const [body, param] of refused) {
    for (const path of ["/pooling", "/classify"]) {
      const answer = await post(path, body);
      t.deepEqual([answer.status, (answer.body as { error: { param: string } }).error.param], [422, param]);
    }
  }
});

test("grades are those of the grader: outcome, the answer that was found, the rule that decided", async (t) => {
  const { post } = await startService(t);
  const grade = async (body: object) => (await post("/v1/grade", body)).body;
  t.deepEqual(await grade({ answer: "18", solution: "So it is \\boxed{18.0}." }), {
    outcome: 1,
    finalAnswer: "18.0",
    method: "number",
  } as never);
  t.like(await grade({ answer: "18", finalAnswer: "17" }), { outcome: 0, finalAnswer: "17" } as never);
  t.deepEqual(await grade({ answer: "18", solution: "" }), {
    outcome: 0,
    finalAnswer: null,
    method: "no-answer",
  } as never);
  for (const body of [
    { answer: "18" },
    { answer: "18", solution: "x", finalAnswer: "y" },
    { answer: 18, solution: "x" },
  ]) {
    t.is((await post("/v1/grade", body)).status, 422);
  }
});
