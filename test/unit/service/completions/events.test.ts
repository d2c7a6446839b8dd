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
  const events = completionEvents(line, asked, { model: "tiny", client: "slow", signal });
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
