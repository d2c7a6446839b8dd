/** Streams, clients that go away, and many clients at once, over real connections. */
import test from "ava";
import OpenAI from "openai";
import {
  type Answer,
  complete,
  events,
  post,
  servedPolicy,
  serveModels,
  serveTiny,
  textsOf,
} from "../../../support/serve-completions.js";
import { writeTinyModel } from "../../../support/tiny-engine.js";
import { loadTinyPolicy } from "../../../support/tiny-policy.js";
import { until } from "../../../support/until.js";

const prompt = "Tom has 3 apples and buys 4 more. How many apples does Tom have?\n";
/** Goes on until the context ends. */
const long = { prompt, ignore_eos: true, max_tokens: 450 };

/** Reads a stream event by event. */
async function* read(response: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    const parts = (rest + Buffer.from(chunk).toString("utf8")).split("\n\n");
    rest = parts.pop() as string;
    yield* parts;
  }
}

test("events come while the completions are still being decoded, a few tokens each", async (t) => {
  const { url, policy } = await serveTiny(t, { maxBatch: 8 });
  const leaving = new AbortController();
  const response = await post(
    url,
    { ...long, n: 300, stream: true, return_token_ids: true },
    { signal: leaving.signal },
  );
  t.is(response.status, 200);
  t.regex(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const sizes: number[] = [];
  for await (const event of read(response)) {
    const { choices } = JSON.parse(event.slice("data: ".length)) as Answer;
    sizes.push(choices[0]?.token_ids?.length ?? 0);
    if (sizes.length === 200) break;
  }
  const { completionTokens } = policy.stats();
  t.true(completionTokens > 0 && completionTokens < 300 * 450, `${completionTokens} tokens`);
  const told = sizes.reduce((sum, size) => sum + size, 0);
  t.true(Math.max(...sizes) < told, "not all at once");
});

test("a client that goes away frees its slots, whole answer or stream", async (t) => {
  const { url, policy, service } = await serveTiny(t, { maxBatch: 4 });
  for (const stream of [false, true]) {
    const leaving = new AbortController();
    const before = policy.stats().completionTokens;
    const response = post(url, { ...long, n: 200, stream }, { signal: leaving.signal });
    const gone = t.throwsAsync(
      response.then((answer) => answer.text()),
      { any: true },
    );
    await until(() => policy.stats().completionTokens > before + 20);
    leaving.abort();
    await gone;
    await until(() => policy.stats().running === 0 && policy.stats().waiting === 0);
    t.true(policy.stats().completionTokens - before < 200 * 450);
    t.is(policy.stats().kvBytes, 0);
    // The engine lets go of completions a moment before those who wait for them hear of it.
    await until(async () => {
      const text = await service.context.metrics.text();
      return (
        /erprm_completions_running\{model="tiny"\} 0\n/.test(text) &&
        /erprm_completions_waiting\{model="tiny"\} 0\n/.test(text)
      );
    });
  }
  t.is((await complete(url, { prompt, seed: 1 })).choices.length, 1);
});

test("many clients at once, streaming or not, get the texts that each would get alone", async (t) => {
  const { url } = await serveTiny(t, { maxBatch: 16 });
  const bodyOf = (seed: number) => ({ prompt: [prompt, "2 + 2 ="], n: 3, seed, max_tokens: 40, temperature: 0.9 });
  const alone: string[][] = [];
  for (let seed = 0; seed < 12; seed += 1) alone.push(textsOf([await complete(url, bodyOf(seed))]));
  const together = await Promise.all(
    alone.map(async (_, seed) =>
      textsOf(seed % 2 === 0 ? [await complete(url, bodyOf(seed))] : await events(url, bodyOf(seed))),
    ),
  );
  t.deepEqual(together, alone);
});

test("a client with one completion does not wait for another client's two hundred", async (t) => {
  const { url, policy } = await serveTiny(t, { maxBatch: 4 });
  const leaving = new AbortController();
  const many = post(url, { ...long, n: 200 }, { signal: leaving.signal });
  await until(() => policy.stats().running === 4);
  const one = await complete(url, { prompt, seed: 3, max_tokens: 10 });
  t.is(one.choices.length, 1);
  t.true(policy.stats().completions < 20, `${policy.stats().completions} completions before it`);
  leaving.abort();
  await t.throwsAsync(many, { any: true });
});

test("when too many wait, the next is refused with 429 and told when to come again", async (t) => {
  const { url, policy } = await serveTiny(t, { maxBatch: 2 }, { maxQueuedCompletions: 20 });
  const leaving = new AbortController();
  const many = post(url, { ...long, n: 60 }, { signal: leaving.signal });
  await until(() => policy.stats().running === 2);
  for (const stream of [false, true]) {
    const refused = await post(url, { prompt, n: 10, stream });
    t.is(refused.status, 429);
    t.regex(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    const { error } = (await refused.json()) as { error: { code: string; message: string } };
    t.is(error.code, "ERPRM_BUSY");
    t.regex(error.message, /at most 20 completions to wait, half of them .*; 58 wait, 0 of them .*, received 10 more/);
  }
  leaving.abort();
  await t.throwsAsync(many, { any: true });
  await until(() => policy.stats().running === 0);
  t.is((await post(url, { prompt, n: 10 })).status, 200);
});

/** Random bytes: half of them no UTF-8, and cut everywhere. */
test("a model that writes broken UTF-8 is streamed as U+FFFD, the same text as in the whole answer", async (t) => {
  const policy = await loadTinyPolicy(t, await writeTinyModel(t));
  const { url } = await serveModels(t, [servedPolicy("bytes", policy)]);
  let broken = 0;
  for (let seed = 0; seed < 6; seed += 1) {
    const body = { prompt: "abc", n: 4, seed, max_tokens: 60, logprobs: 0 };
    const wanted: string[] = [];
    for await (const { text } of policy.rollout(["abc"], { seed, numCompletions: 4, maxTokens: 60 })) wanted.push(text);
    const all = await events(url, body);
    t.deepEqual(textsOf(all), wanted);
    t.deepEqual(textsOf([await complete(url, body)]), wanted);
    t.true(wanted.every((text) => Buffer.from(text, "utf8").toString("utf8") === text));
    broken += wanted.filter((text) => text.includes("\uFFFD")).length;
  }
  t.true(broken > 0);
});

test("an error after the first token is an event, and the stream ends without [DONE]", async (t) => {
  const { url, service, policy } = await serveTiny(t, { maxBatch: 1 });
  const response = await post(url, { ...long, n: 50, stream: true });
  const stream = read(response);
  await stream.next();
  const ended = service.drain(0);
  const rest: string[] = [];
  for await (const event of stream) rest.push(event);
  await ended;
  const last = JSON.parse((rest.at(-1) as string).slice("data: ".length)) as { error: { code: string } };
  t.is(last.error.code, "ERPRM_ABORTED");
  await until(() => policy.stats().running === 0);
});

test("the official OpenAI client works: whole answers, streams, and errors by their kind", async (t) => {
  const { url } = await serveTiny(t);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const asked = { model: "tiny", prompt: [prompt, "2 + 2 ="], n: 2, seed: 11, max_tokens: 30, stop: ["\n"] };
  const whole = await client.completions.create(asked);
  t.is(whole.choices.length, 4);
  t.is(whole.object, "text_completion");
  const streamed: Answer[] = [];
  const stream = await client.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } });
  for await (const part of stream) streamed.push(part as unknown as Answer);
  t.deepEqual(
    textsOf(streamed),
    whole.choices.map(({ text }) => text),
  );
  t.deepEqual(streamed.at(-1)?.usage as unknown, whole.usage);
  const refused = await t.throwsAsync(client.completions.create({ ...asked, echo: true }), {
    instanceOf: OpenAI.BadRequestError,
  });
  t.is(refused?.param, "echo");
  await t.throwsAsync(client.completions.create({ ...asked, model: "other" }), { instanceOf: OpenAI.NotFoundError });
});

test("the official OpenAI client that stops reading a stream frees the slots", async (t) => {
  const { url, policy } = await serveTiny(t, { maxBatch: 2 });
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const stream = await client.completions.create({ model: "tiny", prompt, n: 100, max_tokens: 400, stream: true });
  let count = 0;
  for await (const _ of stream) {
    count += 1;
    if (count === 5) break;
  }
  await until(() => policy.stats().running === 0 && policy.stats().waiting === 0);
  t.true(policy.stats().completions < 100);
});

test("clients that leave in the middle change nobody's texts, and leave nothing behind", async (t) => {
  const { url, policy, log } = await serveTiny(t, { maxBatch: 8 });
  const bodyOf = (seed: number) => ({ prompt, n: 2, seed, max_tokens: 60 });
  const wanted = await Promise.all([0, 1, 2, 3].map(async (seed) => textsOf([await complete(url, bodyOf(seed))])));
  const leave = async (index: number) => {
    const leaving = new AbortController();
    const body = { ...long, n: 10, seed: index, stream: index % 2 === 0 };
    const gone = post(url, body, { signal: leaving.signal }).then(async (response) => {
      // Some leave before an answer, some after a few events.
      for await (const _ of read(response)) if (index % 3 === 0) leaving.abort();
    });
    if (index % 3 !== 0) {
      const before = policy.stats().completionTokens;
      await until(() => policy.stats().completionTokens > before + index);
      leaving.abort();
    }
    await t.throwsAsync(gone, { any: true });
  };
  // A whole answer has no events to leave after.
  const leavers = Array.from({ length: 20 }, (_, index) => index).filter((index) => index % 3 !== 0 || index % 2 === 0);
  const stayers = [0, 1, 2, 3, 0, 1, 2, 3].map(async (seed) => textsOf([await complete(url, bodyOf(seed))]));
  await Promise.all(leavers.map(leave));
  t.deepEqual(await Promise.all(stayers), [...wanted, ...wanted]);
  await until(() => policy.stats().running === 0 && policy.stats().waiting === 0);
  t.is(policy.stats().kvBytes, 0);
  t.deepEqual(
    log.filter((line) => line.includes("ERPRM_")),
    [],
    "a client that leaves is no failure of ours",
  );
});

test("a completion that the key-value memory cannot hold is refused with 400: asking again would not help", async (t) => {
  const { url } = await serveTiny(t, { kvMemoryBytes: 1 << 20 });
  for (const stream of [false, true]) {
    const refused = await post(url, { ...long, stream });
    t.is(refused.status, 400);
    t.like(await refused.json(), { error: { code: "ERPRM_OUT_OF_MEMORY", param: "max_tokens" } });
  }
  t.is((await complete(url, { prompt, max_tokens: 20 })).choices.length, 1);
});
