import test from "ava";
import { readCompletions } from "../../../../src/policy/remote/completion-response.js";

const choice = (index: number, fields: Record<string, unknown> = {}) => ({
  index,
  text: `text ${index}`,
  finish_reason: "stop",
  ...fields,
});

test("choices come in the order of their index, with tokens and counts where the server tells them", (t) => {
  const answer = {
    model: "m",
    system_fingerprint: "0123",
    choices: [choice(1, { finish_reason: "length" }), choice(0, { token_ids: [3, 4] })],
    usage: { prompt_tokens: 5, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 4 } },
  };
  t.deepEqual(readCompletions(answer, 2, false), {
    model: "m",
    fingerprint: "0123",
    choices: [
      { text: "text 0", finishReason: "stop", tokenIds: Int32Array.of(3, 4) },
      { text: "text 1", finishReason: "length" },
    ],
    usage: { promptTokens: 5, completionTokens: 7, cachedTokens: 4 },
  });
  t.deepEqual(readCompletions({ choices: [choice(0, { text: "a\ud800" })] }, 1, false), {
    model: undefined,
    fingerprint: undefined,
    choices: [{ text: "a\ufffd", finishReason: "stop" }],
  });
});

test("an answer that lacks something is a fault that may be asked again, and says what came", (t) => {
  const wrong: [unknown, RegExp][] = [
    [null, /null in place of an object with choices/],
    [[], /choices/],
    [{ error: { message: "out of memory" } }, /out of memory in place of an object with choices/],
    [{ choices: [choice(0)] }, /\{"number of choices":1\} in place of 2 choices/],
    [{ choices: [choice(0), choice(0)] }, /an index of its own/],
    [{ choices: [choice(0), choice(2)] }, /an index of its own/],
    [{ choices: [choice(0), choice(1, { text: null })] }, /null in place of a text/],
    [
      { choices: [choice(0), choice(1, { finish_reason: "abort" })] },
      /"abort" in place of finish_reason stop or length/,
    ],
    [{ choices: [choice(0), choice(1, { finish_reason: undefined })] }, /finish_reason/],
    [{ choices: [choice(0), choice(1, { token_ids: [1.5] })] }, /a token id/],
  ];
  for (const [answer, message] of wrong) {
    t.throws(() => readCompletions(answer, 2, false), { name: "ServerFault", message });
  }
  t.throws(() => readCompletions({ choices: [choice(0)] }, 1, true), { message: /token_ids/ });
});

test("a count of no tokens is none, so such a server has to show that it continues prompts", (t) => {
  const read = (prompt_tokens: number) =>
    readCompletions({ choices: [choice(0)], usage: { prompt_tokens, completion_tokens: 3 } }, 1, false).usage;
  t.is(read(0), undefined);
  t.is(read(1)?.promptTokens, 1);
});
