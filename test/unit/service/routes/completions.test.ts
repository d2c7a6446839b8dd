/** `POST /v1/completions` over real connections, with the built-in model behind it. */
import test from "ava";
import type { Policy } from "../../../../src/policy/policy.js";
import { type Answer, complete, events, post, serveTiny, textsOf } from "../../../support/serve-completions.js";

type Logprobs = NonNullable<Answer["choices"][number]["logprobs"]>;
type Choice = { logprobs: Logprobs & { top_logprobs: Record<string, number>[] } };

const prompts = [
  "Tom has 3 apples and buys 4 more. How many apples does Tom have?\n",
  "A train has 12 cars with 8 seats each. How many seats are there?\n",
];

/** The policy's own completions of the prompts. */
async function rollOut(policy: Policy, asked: readonly string[], options: Parameters<Policy["rollout"]>[1]) {
  const all = [];
  for await (const rollout of policy.rollout(asked, options)) all.push(rollout);
  return all;
}

test("texts, order, finish reasons and counts are those of Policy.rollout with the same seed", async (t) => {
  const { url, policy } = await serveTiny(t);
  for (const seed of [0, 1, 2 ** 53 - 1]) {
    const wanted = await rollOut(policy, prompts, { numCompletions: 5, seed, maxTokens: 40 });
    const answer = await complete(url, { prompt: prompts, n: 5, seed, max_tokens: 40 });
    t.deepEqual(
      answer.choices.map(({ index, text, finish_reason }) => ({ index, text, finish_reason })),
      wanted.map(({ text, finishReason }, index) => ({ index, text, finish_reason: finishReason })),
    );
    t.is(answer.seed, seed);
    t.deepEqual(answer.usage, {
      prompt_tokens: prompts.reduce((sum, prompt) => sum + policy.text.encodePrompt(prompt).length, 0),
      completion_tokens: wanted.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0),
      total_tokens: (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    });
  }
});

test("every sampling option of a request is that of the policy", async (t) => {
  const { url, policy } = await serveTiny(t);
  const cases = [
    [{ temperature: 0.6 }, { temperature: 0.6 }],
    [{ temperature: 0 }, { temperature: 0 }],
    [{ top_p: 0.5 }, { topP: 0.5 }],
    [{ top_k: 2 }, { topK: 2 }],
    [{ top_k: -1 }, {}],
    [{ min_p: 0.3 }, { minP: 0.3 }],
    [{ max_tokens: 5 }, { maxTokens: 5 }],
    [{ stop: null, top_p: null, seed: 3 }, {}],
    [{ ignore_eos: true }, { stopTokenIds: [] }],
    [{ stop_token_ids: [20, 30, 40, 50] }, { stopTokenIds: [...policy.text.stopTokenIds, 20, 30, 40, 50] }],
  ] as const;
  for (const [asked, options] of cases) {
    const wanted = await rollOut(policy, prompts, { seed: 3, maxTokens: 30, numCompletions: 2, ...options });
    const { choices } = await complete(url, { prompt: prompts, n: 2, seed: 3, max_tokens: 30, ...asked });
    t.deepEqual(
      choices.map(({ text }) => text),
      wanted.map(({ text }) => text),
      JSON.stringify(asked),
    );
  }
  t.is((await complete(url, { prompt: prompts[0], ignore_eos: true })).usage?.completion_tokens, 16, "the default");
});

test("a prompt is continued as it is, from texts and from token ids alike", async (t) => {
  const { url, policy } = await serveTiny(t);
  const half = "Tom has 3 apples. He now has 3 +";
  const ids = [...policy.text.encodePrompt(half)];
  const [wanted] = await rollOut(policy, [half], { seed: 5, maxTokens: 12 });
  for (const prompt of [half, [half], ids, [ids]]) {
    const { choices, usage } = await complete(url, { prompt, seed: 5, max_tokens: 12 });
    t.is(choices[0]?.text, wanted?.text);
    t.is(usage?.prompt_tokens, ids.length);
  }
});

test("without a seed one is drawn and told: with it the same texts come again", async (t) => {
  const { url } = await serveTiny(t);
  const asked = { prompt: prompts, n: 3, max_tokens: 30 };
  const [first, second] = [await complete(url, asked), await complete(url, asked)];
  t.not(first.seed, second.seed);
  t.notDeepEqual(textsOf([first]), textsOf([second]));
  t.deepEqual(textsOf([await complete(url, { ...asked, seed: first.seed })]), textsOf([first]));
});

const stops = [undefined, "\n", ["."], ["+", " = "], ["apples", "seats", "e"], ["answer is"], ["\n\n", "4 ", "12 c"]];

test("a streamed answer, put together, is the whole one, for many seeds and stop texts", async (t) => {
  const { url } = await serveTiny(t);
  for (const stop of stops) {
    for (const kept of [false, true]) {
      await Promise.all(
        Array.from({ length: 8 }, async (_, seed) => {
          const asked = { prompt: prompts, n: 2, seed, max_tokens: 40, logprobs: 0, return_token_ids: true };
          const body = { ...asked, ...(stop && { stop, include_stop_str_in_output: kept }) };
          const whole = await complete(url, body);
          const all = await events(url, { ...body, stream_options: { include_usage: true } });
          t.deepEqual(textsOf(all), textsOf([whole]));
          t.deepEqual(all.at(-1)?.usage, whole.usage);
          t.deepEqual(all.at(-1)?.choices, []);
          for (const { index, finish_reason, stop_reason, logprobs, token_ids, prompt_token_ids } of whole.choices) {
            const parts = all.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
            t.deepEqual(
              parts.flatMap((part) => part.token_ids ?? []),
              token_ids,
            );
            t.deepEqual(parts[0]?.prompt_token_ids, prompt_token_ids);
            t.deepEqual(
              parts.flatMap((part) => part.logprobs?.tokens ?? []),
              logprobs?.tokens ?? [],
            );
            t.deepEqual(
              parts.flatMap((part) => part.logprobs?.text_offset ?? []),
              logprobs?.text_offset ?? [],
            );
            t.like(parts.at(-1), { finish_reason, stop_reason });
            t.true(parts.slice(0, -1).every((part) => part.finish_reason === null));
          }
        }),
      );
    }
  }
});

test("a stop text ends a completion where it begins; with include_stop_str_in_output, where it ends", async (t) => {
  const { url, policy } = await serveTiny(t);
  let found = 0;
  for (const stop of stops.flat()) {
    if (stop === undefined) continue;
    const asked = { prompt: prompts[0], n: 6, seed: 2, max_tokens: 60 };
    const free = await rollOut(policy, prompts.slice(0, 1), { numCompletions: 6, seed: 2, maxTokens: 60 });
    const cut = await complete(url, { ...asked, stop });
    const kept = await complete(url, { ...asked, stop, include_stop_str_in_output: true });
    for (const [c, { text }] of free.entries()) {
      const at = text.indexOf(stop);
      const [without, including] = [cut.choices[c], kept.choices[c]];
      t.is(without?.text, at < 0 ? text : text.slice(0, at));
      t.is(including?.text, at < 0 ? text : text.slice(0, at + stop.length));
      t.is(without?.stop_reason, at < 0 ? null : stop);
      if (at >= 0) t.is(without?.finish_reason, "stop");
      found += at < 0 ? 0 : 1;
    }
  }
  t.true(found > 10, `${found} stops were found`);
});

test("log-probabilities are the policy's, one for each token of the text", async (t) => {
  const { url, policy } = await serveTiny(t);
  const [wanted] = await rollOut(policy, prompts.slice(0, 1), { seed: 4, maxTokens: 60 });
  const { choices } = await complete(url, { prompt: prompts[0], seed: 4, max_tokens: 60, logprobs: 0 });
  const logprobs = choices[0]?.logprobs as Logprobs;
  t.deepEqual(logprobs.token_logprobs, [...(wanted?.logProbabilities ?? [])]);
  const end = wanted?.finishReason === "stop" ? 1 : 0;
  t.is(logprobs.tokens.slice(0, logprobs.tokens.length - end).join(""), wanted?.text ?? "");
  for (const [i, offset] of logprobs.text_offset.entries()) {
    t.is(offset, logprobs.tokens.slice(0, i).join("").length);
  }
});

test("logprobs: 3 tells the three most probable tokens and the chosen one, streamed as in the whole answer", async (t) => {
  const { url } = await serveTiny(t);
  const body = { prompt: prompts[0], seed: 4, max_tokens: 30, logprobs: 3, temperature: 3 };
  const { choices } = await complete(url, body);
  const { tokens, token_logprobs, top_logprobs } = (choices as unknown as [Choice])[0].logprobs;
  t.deepEqual(
    (await events(url, body)).flatMap((event) => event.choices.flatMap(({ logprobs }) => logprobs?.top_logprobs ?? [])),
    top_logprobs,
  );
  for (const [i, top] of top_logprobs.entries()) {
    const values = Object.values(top);
    t.true(values.length === 3 || values.length === 4, `${values.length}`);
    t.is(top[tokens[i] as string], token_logprobs[i] as number);
    t.true(values.reduce((sum, value) => sum + Math.exp(value), 0) <= 1 + 1e-5);
  }
  t.true(
    top_logprobs.some((top) => Object.keys(top).length === 4),
    "a token that is none of the three was drawn",
  );
});

test("log-probabilities are numbers at every temperature", async (t) => {
  const { url } = await serveTiny(t);
  for (const temperature of [0, 1e-40, 1e-38, 1e-6, 1e6]) {
    const { choices } = await complete(url, { prompt: prompts[0], temperature, logprobs: 3, max_tokens: 5 });
    const { token_logprobs, top_logprobs } = ((choices as Choice[])[0] as Choice).logprobs;
    const all = [...token_logprobs, ...top_logprobs.flatMap((top) => Object.values(top))];
    t.true(all.length > 5 && all.every((value) => Number.isFinite(value) && value <= 0), `${temperature}: ${all}`);
  }
});

test("what this server cannot do is refused by its name", async (t) => {
  const { url } = await serveTiny(t, {}, { maxCompletions: 8, maxCompletionTokens: 50, maxCharacters: 3000 });
  const cases: [object, string][] = [
    [{ echo: true }, "echo"],
    [{ stream: true, stream_options: { include_obfuscation: true } }, "stream_options.include_obfuscation"],
    [{ suffix: "x" }, "suffix"],
    [{ best_of: 3 }, "best_of"],
    [{ logprobs: 21 }, "logprobs"],
    [{ presence_penalty: 0.5 }, "presence_penalty"],
    [{ frequency_penalty: 0.5 }, "frequency_penalty"],
    [{ repetition_penalty: 1.1 }, "repetition_penalty"],
    [{ logit_bias: { 5: 1 } }, "logit_bias"],
    [{ min_tokens: 3 }, "min_tokens"],
    [{ use_beam_search: true }, "use_beam_search"],
    [{ guided_json: {} }, "guided_json"],
    [{ messages: [] }, "messages"],
    [{ n: 0 }, "n"],
    [{ n: 9 }, "n"],
    [{ n: 5, prompt: ["a", "b"] }, "prompt"],
    [{ max_tokens: 0 }, "max_tokens"],
    [{ max_tokens: 51 }, "max_tokens"],
    [{ temperature: -1 }, "temperature"],
    [{ temperature: "hot" }, "temperature"],
    [{ top_p: 0 }, "top_p"],
    [{ seed: -1 }, "seed"],
    [{ seed: 2 ** 60 }, "seed"],
    [{ stop: [""] }, "stop[0]"],
    [{ stop_token_ids: [100_000] }, "stop_token_ids[0]"],
    [{ stream_options: { include_usage: true } }, "stream_options"],
    [{ prompt: "" }, "prompt"],
    [{ prompt: "1 ".repeat(1000) }, "prompt"],
    [{ prompt: "1".repeat(3001) }, "prompt"],
    [{ prompt: ["a", [1]] }, "prompt[1]"],
    [{ prompt: [[5], [6, 100_000]] }, "prompt[1][1]"],
    [{ prompt: undefined }, "prompt"],
  ];
  for (const [part, field] of cases) {
    const response = await post(url, { prompt: "a", ...part });
    const { error } = (await response.json()) as { error: { message: string; param: string } };
    t.is(response.status, 400, JSON.stringify(part));
    t.is(error.param, field, JSON.stringify(part));
    t.true(error.message.includes(field), error.message);
  }
  t.is((await post(url, { prompt: "a", model: "other" })).status, 404);
});

test("what changes nothing is accepted, as clients send it", async (t) => {
  const { url } = await serveTiny(t);
  const answer = await complete(url, {
    ...{ model: "tiny", prompt: "a", echo: false, suffix: null, best_of: 1, n: 1, logprobs: null, user: "me" },
    ...{ presence_penalty: 0, frequency_penalty: 0, logit_bias: {}, stop: null, stream: false, stream_options: null },
  });
  t.is(answer.choices.length, 1);
  t.is(answer.model, "tiny");
});

test("neither prompts nor what was sampled are in the log", async (t) => {
  const { url, log } = await serveTiny(t);
  const { choices } = await complete(url, { prompt: "secret words", max_tokens: 30, seed: 1 });
  await post(url, { prompt: "secret words", "secret field": 1 });
  t.is(log.length, 2);
  t.false(log.some((line) => line.includes("secret") || line.includes(choices[0]?.text as string)));
});
