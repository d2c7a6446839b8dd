import test from "ava";
import type { Policy } from "../../../../src/policy/policy.js";
import { completionBody } from "../../../../src/service/completions/request.js";
import { askedWork, completionWork } from "../../../../src/service/completions/work.js";
import { defaultLimits } from "../../../../src/service/limits.js";

test("after a prompt that does not fit no other one is encoded", async (t) => {
  const encoded: string[] = [];
  const encodePrompt = (text: string) => {
    encoded.push(text);
    return new Int32Array(text.length);
  };
  const text = { stopTokenIds: [], encodePrompt } as unknown as Policy["text"];
  const policy = { text, contextLength: 10, vocabularySize: 5 } as Policy;
  const prompt = ["short", "much too long", "never read"];
  const asked = askedWork(completionBody.parse({ prompt }), { texts: prompt }, defaultLimits);
  await t.throwsAsync(completionWork(asked, policy, defaultLimits), { message: /prompt\[1\]: expected at most 9 / });
  t.deepEqual(encoded, prompt.slice(0, 2));
});

test("other requests get their turn between two prompts", async (t) => {
  let others = 0;
  const seen: number[] = [];
  const encodePrompt = () => {
    seen.push(others);
    return Int32Array.of(1);
  };
  const text = { stopTokenIds: [], encodePrompt } as unknown as Policy["text"];
  const policy = { text, contextLength: 10, vocabularySize: 5 } as Policy;
  const prompt = Array.from({ length: 6 }, () => "x".repeat(20_000));
  const asked = askedWork(completionBody.parse({ prompt }), { texts: prompt }, defaultLimits);
  const count = () => {
    others += 1;
    if (seen.length < prompt.length) setImmediate(count);
  };
  setImmediate(count);
  t.is((await completionWork(asked, policy, defaultLimits)).prompts.length, 6);
  t.deepEqual(seen, [0, 1, 2, 3, 4, 5]);
});

test("a request is told so many tokens at most, as the context bounds them and with the log-probabilities beside them", async (t) => {
  const text = { stopTokenIds: [], encodePrompt: () => new Int32Array(4) } as unknown as Policy["text"];
  const policy = { text, contextLength: 10, vocabularySize: 5 } as Policy;
  const ask = (fields: object, maxRequestTokens: number) => {
    const prompt = ["a", "b"];
    const asked = askedWork(completionBody.parse({ prompt, ...fields }), { texts: prompt }, defaultLimits);
    return completionWork(asked, policy, { ...defaultLimits, maxRequestTokens });
  };
  // 2 prompts, 3 completions of 5 tokens each.
  const fields = { n: 3, max_tokens: 5 };
  await t.notThrowsAsync(ask(fields, 30));
  await t.throwsAsync(ask(fields, 29), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /^max_tokens: expected at most 29 \(tokens that a request is told.*\), received 30$/,
  });
  // Of 1000 tokens the context leaves room for 6.
  await t.notThrowsAsync(ask({ n: 3, max_tokens: 1000 }, 36));
  await t.throwsAsync(ask({ ...fields, logprobs: 2 }, 89), { message: /received 90$/ });
  await t.notThrowsAsync(ask({ ...fields, logprobs: 2 }, 90));
});
