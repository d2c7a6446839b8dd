import test from "ava";
import { completionBody } from "../../../src/service/completions/request.js";
import { defaultLimits } from "../../../src/service/limits.js";
import { parseJson } from "../../../src/service/read-body.js";
import { scoreSchemas } from "../../../src/service/scoring/schema.js";
import { invalidRequest } from "../../../src/service/validation.js";

const { request } = scoreSchemas({ ...defaultLimits, maxSteps: 2 });

function refusal(schema: typeof request | typeof completionBody, body: unknown): string {
  const { error } = schema.safeParse(body);
  return error === undefined ? "taken" : invalidRequest(error, body).message;
}

test("a refusal says which field, what was expected and what came, texts and lists by their length", (t) => {
  const solution = { question: "a secret question", steps: ["a", "b"] };
  const cases: [unknown, string][] = [
    [{ question: "x" }, "steps: Expected array, received nothing"],
    [{ ...solution, steps: [] }, "steps: Expected at least one step, received a list of 0"],
    [{ ...solution, steps: ["a", "b", "secret"] }, "steps: Expected at most 2 steps, received a list of 3"],
    [{ ...solution, steps: ["a", 3] }, "steps[1]: Expected string, received 3"],
    [{ ...solution, steps: "a secret step" }, "steps: Expected array, received a text of 13 characters"],
    [{ ...solution, question: null }, "question: Expected string, received null"],
    [{ ...solution, index: 1.5 }, "index: Expected int, received 1.5"],
    [{ items: [solution, { question: {}, steps: ["a"] }] }, "items[1].question: Expected string, received an object"],
    [[solution], "the body: Expected object, received a list of 1"],
  ];
  for (const [body, message] of cases) t.is(refusal(request, body), message);
});

test("of completions too: bounds, fields that ask for what is not there, and fields that nobody knows", (t) => {
  const cases: [object, string][] = [
    [{ n: 0 }, "n: Expected number to be >=1, received 0"],
    [{ temperature: "secret" }, "temperature: Expected number, received a text of 6 characters"],
    [{ echo: true }, "echo: Not supported by this server: expected false, or no such field, received true"],
    [
      { suffix: "secret" },
      "suffix: Not supported by this server: expected an empty text, or no such field, received a text of 6 characters",
    ],
    [{ guided_regex: "secret" }, "guided_regex: Unknown field, received a text of 6 characters"],
    [{ seed: 2 ** 60 }, "seed: Expected int to be <=9007199254740991, received 1152921504606847000"],
    [{ stream_options: { x: 1 } }, "stream_options.x: Unknown field, received 1"],
  ];
  for (const [fields, message] of cases) t.is(refusal(completionBody, { prompt: "secret", ...fields }), message);
});

test("what is no JSON is told without the text around the place", (t) => {
  for (const text of [
    "x secret",
    '{"a": tru secret}',
    '{"prompt": "secret" x}',
    `{"a": "${"secret".repeat(50)}" "b"`,
    "secret",
  ]) {
    const error = t.throws(() => parseJson(text), { message: /^Expected JSON: ./ }, text);
    t.notRegex(error?.message ?? "", /ecre/, text);
  }
});
