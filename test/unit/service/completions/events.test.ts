/** Events as they are read, without a connection in between. */

import test from "ava";
import { Registry } from "prom-client";
import { Policy } from "../../../../src/policy/policy.js";
import { completionEvents } from "../../../../src/service/completions/events.js";
import { CompletionLine } from "../../../../src/service/completions/line.js";
import { CompletionMetrics } from "../../../../src/service/completions/metrics.js";
import { completionBody } from "../../../../src/service/completions/request.js";
import { askedWork } from "../../../../src/service/completions/work.js";
import { defaultLimits } from "../../../../src/service/limits.js";
import { type Answer, servedPolicy, textsOf } from "../../../support/serve-completions.js";
import { until } from "../../../support/until.js";

const prompt = "Tom has 3 apples and buys 4 more. How many apples does Tom have?\n";

test("a client that does not read holds up nobody, and gets what it missed in one event for each completion", async (t) => {
  const policy = await Policy.load("builtin:tiny", { threads: 1, maxBatch: 4, kvMemoryBytes: 64 << 20 });
  t.teardown(() => policy.dispose());
  const line = new CompletionLine({
    served: servedPolicy("tiny", policy),
    limits: defaultLimits,
    maxWaiting: 100,
    metrics: new CompletionMetrics(new Registry()),
  });
  const body = completionBody.parse({ prompt, n: 6, seed: 5, max_tokens: 80, stream: true });
  const asked = askedWork(body, { texts: [prompt] }, defaultLimits);
  const signal = new AbortController().signal;
  const events = completionEvents(line, asked, { model: "tiny", client: "slow", signal, maxUnreadBytes: 1e6 });
  const read: string[] = [(await events.next()).value as string];
  await until(() => policy.stats().completions === 6 && line.numRunning === 0);
  const whole = await line.run(asked, { client: "other", signal });
  for await (const event of events) read.push(event);
  t.is(read.pop(), "data: [DONE]\n\n");
  const answers = read.map((event) => JSON.parse(event.slice("data: ".length)) as Answer);
  t.deepEqual(
    textsOf(answers),
    whole.choices.map((choice) => choice.takeNews()?.text ?? ""),
  );
  // Those in the first round of news, and one more each for the rest.
  t.true(read.length <= 4 + 6, `${read.length} events`);
});

test("a stream that waits for its client beyond the bound ends, takes no more of the engine, and keeps no text", async (t) => {
  const policy = await Policy.load("builtin:tiny", { threads: 1, maxBatch: 4, kvMemoryBytes: 64 << 20 });
  t.teardown(() => policy.dispose());
  const registry = new Registry();
  const line = new CompletionLine({
    served: servedPolicy("tiny", policy),
    limits: defaultLimits,
    maxWaiting: 100,
    metrics: new CompletionMetrics(registry),
  });
  const body = completionBody.parse({
    ...{ prompt, n: 2, seed: 5, max_tokens: 200, ignore_eos: true, logprobs: 20, stream: true },
  });
  const asked = askedWork(body, { texts: [prompt] }, defaultLimits);
  const signal = new AbortController().signal;
  const maxUnreadBytes = 20_000;
  const events = completionEvents(line, asked, { model: "tiny", client: "slow", signal, maxUnreadBytes });
  t.false((await events.next()).done);
  // Each of the 400 tokens brings 21 log-probabilities, so the bound comes long before the end.
  await until(() => line.numRunning === 0);
  t.regex(await registry.getSingleMetricAsString("erprm_completions_abandoned_total"), /\} 2$/m);
  const rest = (async () => {
    let length = 0;
    for await (const event of events) length += event.length;
    return length;
  })();
  await t.throwsAsync(rest, {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /Expected the client to read its stream, more than 20000 bytes of it waited/,
  });
});
