import test, { type ExecutionContext } from "ava";
import type { RemotePolicyOptions } from "../../../../src/policy/remote/remote-options.js";
import { isText, type RolloutPolicy, type SampledCompletion } from "../../../../src/policy/rollout-policy.js";
import { defaultSampling, type Sampling } from "../../../../src/policy/sampling.js";
import { promptStepIndex, type TrunkGroup, type TrunkRequest } from "../../../../src/policy/trunk.js";
import {
  type CompletionBody,
  type CompletionServer,
  type CompletionServerOptions,
  type Fault,
  manyFaults,
  startCompletionServer,
} from "../../../support/completion-server.js";
import { byteTokenizerFolder, loadRemote } from "../../../support/remote-policy.js";
import { until } from "../../../support/until.js";

async function start(t: ExecutionContext, server: CompletionServerOptions = {}, options: RemotePolicyOptions = {}) {
  const running = await startCompletionServer(t, server);
  const policy = await loadRemote(t, running.policy, options);
  const numProbes = running.requests.length;
  return { server: running, policy, asked: () => running.requests.slice(numProbes) };
}

const groups: TrunkGroup[] = [
  { prefixLength: 12, numCompletions: 5, solutionIndex: 3, stepIndex: 0, firstCompletion: 0 },
  { prefixLength: 20, numCompletions: 40, solutionIndex: 3, stepIndex: 1, firstCompletion: 0 },
];

function request(
  policy: RolloutPolicy,
  fields: Partial<TrunkRequest> = {},
  sampling: Partial<Sampling> = {},
): TrunkRequest {
  const trunk = policy.text.encodePrompt("What is 1 + 3 + 5 + 7?");
  return { trunk, groups, problemId: "p", seed: 1, sampling: { ...defaultSampling, ...sampling }, ...fields };
}

const textOf = (completion: SampledCompletion) => (isText(completion) ? completion.text : [...completion.tokenIds]);

/** Faults of requests after the probes. */
const after = (server: () => CompletionServer | undefined, faultOf: (body: CompletionBody) => Fault | undefined) =>
  ((_number, body) => (server() ? faultOf(body) : undefined)) as NonNullable<CompletionServerOptions["faultOf"]>;

test("all completions of all groups come in their places, asked for together", async (t) => {
  const { policy, asked } = await start(t);
  const completions = await policy.rolloutTrunk(request(policy));
  t.deepEqual(
    completions.map((group) => group.length),
    [5, 40],
  );
  t.deepEqual(
    asked().map(({ n }) => n),
    [5, 32, 8],
  );
  t.deepEqual(
    asked().map(({ prompt }) => prompt),
    ["What is 1 + ", "What is 1 + 3 + 5 + ", "What is 1 + 3 + 5 + "],
  );
  t.true(completions.flat().every((one) => isText(one) && one.finishReason === "stop"));
  t.true(new Set(completions.flat().map(textOf)).size > 20);
  t.is(policy.stats().completions, 45);
});

test("with a tokenizer both ways are token ids, the end token among them", async (t) => {
  const { policy, asked } = await start(t, {}, { tokenizer: byteTokenizerFolder(t) });
  const one = request(policy, { groups: groups.slice(0, 1) });
  const [[first]] = (await policy.rolloutTrunk(one)) as [[SampledCompletion]];
  t.deepEqual(asked()[0]?.prompt, [...Buffer.from("What is 1 + ")]);
  t.like(asked()[0], { return_token_ids: true, stop_token_ids: [256] });
  t.true(!isText(first) && first.tokenIds.at(-1) === 256 && first.logProbabilities === undefined);
});

test("faults of every kind change nothing in what comes back", async (t) => {
  const plain = await start(t);
  const faulty = await start(t, { faultOf: manyFaults() });
  const want = await plain.policy.rolloutTrunk(request(plain.policy));
  for (let round = 0; round < 3; round++) {
    const seed = round;
    const all = { groups: Array.from({ length: 8 }, (_, i) => ({ ...(groups[0] as TrunkGroup), stepIndex: i })), seed };
    t.deepEqual(
      await faulty.policy.rolloutTrunk(request(faulty.policy, all)),
      await plain.policy.rolloutTrunk(request(plain.policy, all)),
    );
  }
  t.deepEqual(await faulty.policy.rolloutTrunk(request(faulty.policy)), want);
  const { retries, requests } = faulty.policy.figures().counts;
  t.true((retries as number) > 15, `${retries} retries`);
  t.true((requests as number) > (retries as number));
  t.regex(faulty.policy.progressNote?.() ?? "", /0 requests in flight, \d+ asked again/);
});

test("a fault that lasts ends with what the server said and how often it was asked", async (t) => {
  let failing = false;
  const faultOf = () =>
    failing ? { kind: "status" as const, status: 500, body: '{"error":"CUDA is gone"}' } : undefined;
  const { policy, asked } = await start(t, { faultOf }, { maxRetries: 3 });
  failing = true;
  await t.throwsAsync(policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) })), {
    code: "ERPRM_IO",
    message: /asked for it 4 times, received at last: 500: CUDA is gone; what was finished is kept/,
  });
  t.is(asked().length, 4);
});

test("a request that the server refuses is not asked again", async (t) => {
  let refusing = false;
  const body = '{"error": {"message": "maximum context length is 64 tokens"}}';
  const faultOf = () => (refusing ? { kind: "status" as const, status: 400, body } : undefined);
  const { policy, asked } = await start(t, { faultOf });
  refusing = true;
  await t.throwsAsync(policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) })), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /it answered: 400: maximum context length is 64 tokens/,
  });
  t.is(asked().length, 1);
});

test("an answer that does not come in time is asked for again", async (t) => {
  let server: CompletionServer | undefined;
  let numHung = 0;
  const hang = () => (numHung++ === 0 ? { kind: "wait" as const, for: new Promise(() => {}) } : undefined);
  const started = await start(t, { faultOf: after(() => server, hang) }, { requestTimeout: 2 });
  server = started.server;
  const { policy } = started;
  const completions = await policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) }));
  t.is(completions[0]?.length, 5);
  // A machine that stands still may be slow at the next one too.
  t.true((policy.figures().counts.retries as number) >= 1);
  await until(() => started.server.numGivenUp >= 1);
});

test("an abort ends requests in flight and those that wait", async (t) => {
  let server: CompletionServer | undefined;
  const hang = () => ({ kind: "wait" as const, for: new Promise(() => {}) });
  const started = await start(t, { faultOf: after(() => server, hang) }, { concurrency: 2 });
  server = started.server;
  const controller = new AbortController();
  const many = Array.from({ length: 6 }, (_, stepIndex) => ({ ...(groups[0] as TrunkGroup), stepIndex }));
  const work = started.policy.rolloutTrunk(request(started.policy, { groups: many, signal: controller.signal }));
  await until(() => started.server.inFlight === 2);
  controller.abort();
  await t.throwsAsync(work, { code: "ERPRM_ABORTED" });
  await until(() => started.server.inFlight === 0);
  t.is(started.asked().length, 2);
  const late = request(started.policy, { signal: controller.signal });
  await t.throwsAsync(started.policy.rolloutTrunk(late), { code: "ERPRM_ABORTED" });
});

test("disposal gives up what is in flight; nothing is taken afterwards", async (t) => {
  let server: CompletionServer | undefined;
  const hang = () => ({ kind: "wait" as const, for: new Promise(() => {}) });
  const started = await start(t, { faultOf: after(() => server, hang) });
  server = started.server;
  const work = started.policy.rolloutTrunk(request(started.policy));
  await until(() => started.server.inFlight === 3);
  const ended = t.throwsAsync(work, { code: "ERPRM_DISPOSED" });
  await started.policy.dispose();
  await ended;
  await t.throwsAsync(started.policy.rolloutTrunk(request(started.policy)), { code: "ERPRM_DISPOSED" });
  await started.policy.dispose();
});

test("no more requests are in flight than allowed, at each of the servers", async (t) => {
  const servers = [await startCompletionServer(t), await startCompletionServer(t)];
  const name = `openai:${servers.map(({ url }) => url).join(",")}#m`;
  const policy = await loadRemote(t, name, { concurrency: 3 });
  t.is(policy.maxBatch, 6);
  const many = Array.from({ length: 60 }, (_, stepIndex) => ({ ...(groups[0] as TrunkGroup), stepIndex }));
  await policy.rolloutTrunk(request(policy, { groups: many }));
  for (const { mostInFlight, requests } of servers) {
    t.true(mostInFlight <= 3, `${mostInFlight}`);
    t.true(requests.length > 10, `${requests.length}`);
  }
});

test("when one of two servers goes away, the other one does its work", async (t) => {
  const [stays, goes] = [await startCompletionServer(t), await startCompletionServer(t)];
  const policy = await loadRemote(t, `openai:${goes.url},${stays.url}#m`);
  await goes.close();
  const many = Array.from({ length: 20 }, (_, stepIndex) => ({ ...(groups[0] as TrunkGroup), stepIndex }));
  const completions = await policy.rolloutTrunk(request(policy, { groups: many }));
  t.is(completions.flat().length, 100);
});

test("solutions that were there before are left out, the others are those of the whole request", async (t) => {
  const { policy, asked } = await start(t);
  const solutions = (first: number) =>
    Array.from({ length: 6 - first }, (_, i): TrunkGroup => {
      return {
        prefixLength: 9,
        numCompletions: 1,
        solutionIndex: first + i,
        stepIndex: promptStepIndex,
        firstCompletion: 0,
      };
    });
  const whole = await policy.rolloutTrunk(request(policy, { groups: solutions(0) }));
  const missing = await policy.rolloutTrunk(request(policy, { groups: solutions(4) }));
  t.deepEqual(missing, whole.slice(4));
  t.deepEqual(
    asked().map(({ n }) => n),
    [6, 6],
  );
});

test("a server without n is asked once a completion, each with its seed", async (t) => {
  const { policy, asked } = await start(t, { maxChoices: 1 });
  const completions = await policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) }));
  t.is(completions[0]?.length, 5);
  t.is(new Set(asked().map(({ seed }) => seed)).size, 5);
});

test("a server with few slots is asked for no more completions at a time than it has", async (t) => {
  for (const server of [{ numSlots: 5 }, { maxChoices: 5 }]) {
    const { policy, asked } = await start(t, server);
    const completions = await policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) }));
    t.is(completions[0]?.length, 5);
    t.deepEqual(
      asked().map(({ n }) => n),
      [4, 1],
    );
  }
});

test("a group outside the trunk is refused before anybody is asked", async (t) => {
  const { policy, asked } = await start(t);
  const beyond = [{ ...(groups[0] as TrunkGroup), prefixLength: 1000 }];
  await t.throwsAsync(policy.rolloutTrunk(request(policy, { groups: beyond })), {
    message: /groups\[0\]\.prefixLength/,
  });
  await t.throwsAsync(policy.rolloutTrunk(request(policy, { seed: -1 })), { message: /seed/ });
  t.is(asked().length, 0);
});

test("greedy completions are written once", async (t) => {
  const { policy, asked } = await start(t);
  const [five] = await policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) }, { temperature: 0 }));
  t.is(new Set(five?.map(textOf)).size, 1);
  t.is(five?.length, 5);
  t.deepEqual(
    asked().map(({ n }) => n),
    [1],
  );
});

test("every parameter of sampling is sent, off or on, and a stop text stays in the completion", async (t) => {
  const { policy, asked } = await start(t);
  const sampling = { temperature: 0.5, topP: 0.9, topK: 20, minP: 0.1, maxTokens: 77, stop: ["go on."] };
  const one = request(policy, { groups: groups.slice(0, 1) }, sampling);
  const completions = await policy.rolloutTrunk(one);
  t.like(asked()[0], { temperature: 0.5, top_p: 0.9, top_k: 20, min_p: 0.1, max_tokens: 77, repetition_penalty: 1 });
  t.true(completions.flat().some((completion) => isText(completion) && completion.text.endsWith("go on.")));
  await policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) }, { stopTokenIds: [] }));
  t.like(asked()[1], { top_k: -1, min_p: 0, ignore_eos: true });
});

test("SGLang is asked in its own words to keep the stop text", async (t) => {
  const { policy, asked } = await start(t, { models: [{ id: "m", owned_by: "sglang" }] });
  await policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) }, { stop: ["\n"] }));
  t.true(asked()[0]?.no_stop_trim);
  t.false("include_stop_str_in_output" in (asked()[0] as object));
});

test("truncation that a server takes no field for is refused, not forgotten", async (t) => {
  const { policy } = await start(t, { isStrict: true });
  await t.throwsAsync(policy.rolloutTrunk(request(policy, {}, { topK: 5 })), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /top-k and min-p to be off/,
  });
});

test("a completion gets the tokens that the context has left", async (t) => {
  const models = [{ id: "m", max_model_len: 50 }];
  const { policy, asked } = await start(t, { models }, { tokenizer: byteTokenizerFolder(t) });
  const completions = await policy.rolloutTrunk(request(policy, { groups: groups.slice(0, 1) }));
  t.is(asked()[0]?.max_tokens, 38);
  t.true(completions.flat().some(({ finishReason }) => finishReason === "length"));
});

test("a prefix that fills the context is refused here, by its group, and not by the server", async (t) => {
  const models = [{ id: "m", max_model_len: 20 }];
  const { policy, asked } = await start(t, { models }, { tokenizer: byteTokenizerFolder(t) });
  await t.throwsAsync(policy.rolloutTrunk(request(policy)), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /groups\[1\]\.prefixLength to be an integer from 1 to 19, received 20/,
  });
  t.is(asked().length, 0);
});

test("tokens are those that the server counted, and have their price", async (t) => {
  const { policy, asked } = await start(t, {}, { prices: { input: 2, output: 10 } });
  await policy.rolloutTrunk(request(policy));
  const { promptTokens, sampledTokens, cost } = policy.figures().counts as Record<string, number>;
  t.is(
    promptTokens,
    asked().reduce((sum, { prompt }) => sum + prompt.length, 0),
  );
  t.true((sampledTokens as number) > 45 * 10);
  t.is(cost, (2 * (promptTokens as number) + 10 * (sampledTokens as number)) / 1e6);
  // What nobody counted did not cost nothing.
  const write = () => "4, 25";
  const uncounted = await start(t, { countsTokens: false, write }, { prices: { input: 2 } });
  t.false("cost" in uncounted.policy.figures().counts);
});

test("the key is sent, and hidden where a server repeats it, with whatever status", async (t) => {
  const messages: [number, RegExp][] = [
    [401, /wrong key \[key\].*--api-key-file/],
    [500, /500: wrong key \[key\]/],
    [200, /wrong key \[key\] in place of an object with choices/],
  ];
  for (const [status, message] of messages) {
    let failing = false;
    const body = '{"error": "wrong key tell-nobody"}';
    const faultOf = (): Fault | undefined => (failing ? { kind: "status", status, body } : undefined);
    const server = await startCompletionServer(t, { faultOf });
    const policy = await loadRemote(t, server.policy, { apiKey: "tell-nobody", maxRetries: 1 });
    failing = true;
    const error = await t.throwsAsync(policy.rolloutTrunk(request(policy)), { message });
    t.true(server.headers.every(({ authorization }) => authorization === "Bearer tell-nobody"));
    t.false(JSON.stringify([error?.message, error, policy.figures()]).includes("tell-nobody"));
  }
});

test("a server that goes on with another model ends the run: by name, or by the fingerprint that erprm tells", async (t) => {
  const [ours, others] = ["0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4)];
  const answers = [
    [{ model: "m" }, { model: "fallback" }, /the model that it served at the start, m, it answers with fallback/],
    [{ system_fingerprint: ours.slice(0, 16) }, { system_fingerprint: others.slice(0, 16) }, /answers with fedcba98/],
  ] as const;
  for (const [first, later, message] of answers) {
    let told: Record<string, unknown> = first;
    const { policy } = await start(t, { models: [{ id: "m", fingerprint: ours }], answerFields: () => told });
    t.is((await policy.rolloutTrunk(request(policy))).flat().length, 45);
    told = later;
    await t.throwsAsync(policy.rolloutTrunk(request(policy)), { code: "ERPRM_INVALID_ARGUMENT", message });
  }
});
