import test, { type ExecutionContext } from "ava";
import { openRemotePolicy } from "../../../../src/policy/remote/open-remote.js";
import type { RemotePolicyOptions } from "../../../../src/policy/remote/remote-options.js";
import { defaultSampling } from "../../../../src/policy/sampling.js";
import { type CompletionServerOptions, startCompletionServer } from "../../../support/completion-server.js";
import { makeFolder } from "../../../support/folder.js";
import { byteTokenizerFolder, quick } from "../../../support/remote-policy.js";

async function opened(t: ExecutionContext, server: CompletionServerOptions = {}, options: RemotePolicyOptions = {}) {
  const { policy, requests } = await startCompletionServer(t, server);
  return { policy: await openRemotePolicy(policy, { ...quick, ...options }), requests };
}

test("with a tokenizer, prompts and completions are token ids where the server knows them", async (t) => {
  const tokenizer = byteTokenizerFolder(t);
  const ids = await opened(t, { models: [{ id: "m", owned_by: "vllm", max_model_len: 4096 }] }, { tokenizer });
  t.deepEqual(ids.policy.notes, []);
  t.like(ids.policy.identity, { server: { prompts: "token ids", completions: "token ids" }, contextLength: 4096 });
  t.deepEqual(ids.policy.build, { servers: ["vllm"] });

  const texts = await opened(t, { takesTokens: false, givesTokens: false }, { tokenizer });
  t.like(texts.policy.identity, { server: { prompts: "texts", completions: "texts" }, contextLength: undefined });
  t.is(texts.policy.identity?.tokenizer, ids.policy.identity?.tokenizer);
  t.regex(texts.policy.notes.join("\n"), /takes no token ids.*\n.*tells no token ids/);

  const half = await opened(t, { givesTokens: false }, { tokenizer });
  t.like(half.policy.identity, { server: { prompts: "token ids", completions: "texts" } });
});

test("the model's name, not the address, is the fingerprint; the tokenizer's files are part of the identity", async (t) => {
  const [here, there] = [await opened(t, { model: "a/b" }), await opened(t, { model: "a/b" })];
  t.is(here.policy.fingerprint, "openai:a/b");
  t.is(there.policy.fingerprint, here.policy.fingerprint);
  t.is(here.policy.identity?.tokenizer, undefined);
  const sha = "0123456789abcdef".repeat(4);
  const told = await opened(t, { models: [{ id: "m", fingerprint: sha }] });
  t.is(told.policy.fingerprint, sha);
  t.notRegex(JSON.stringify(told.policy.identity), /dtype/);
  const held = (dtype: string) => ({ models: [{ id: "m", fingerprint: sha, dtype }] });
  const int8 = await startCompletionServer(t, held("int8"));
  const f32 = await startCompletionServer(t, held("f32"));
  const packed = await openRemotePolicy(int8.policy, quick);
  t.like(packed, { fingerprint: sha, identity: { server: { dtype: "int8" } } });
  await t.throwsAsync(openRemotePolicy(`openai:${int8.url},${f32.url}#m`, quick), { message: /\(int8\), .*\(f32\)/ });
  const unlisted = await opened(t, { model: "c", models: null });
  t.is(unlisted.policy.fingerprint, "openai:c");
});

test("a server that puts prompts into a chat is refused, by its count of tokens or by what it says", async (t) => {
  const chat = { before: "<|user|>\n", after: "\n<|assistant|>\n" };
  const write = () => "It looks like you are counting!";
  await t.throwsAsync(opened(t, { chat, write }), {
    code: "ERPRM_INVALID_ARGUMENT",
    message:
      /continue the prompt as it is, without a chat template around it, received 25 prompt tokens for one character, and the text "It looks/,
  });
  await t.throwsAsync(opened(t, { chat, write, countsTokens: false }), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /without a chat template around it, received "It looks" after "1, 2, 3/,
  });
});

test("a server that counts nothing is believed when it goes on with the figures", async (t) => {
  const write = (stream: Buffer) => `0, 21, ${stream[0]}`;
  const { policy } = await opened(t, { countsTokens: false, write });
  t.regex(policy.notes.join("\n"), /counts no tokens/);
});

test("a tokenizer that is not the server's is refused", async (t) => {
  await t.throwsAsync(opened(t, {}, { tokenizer: "builtin:tiny" }), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /have the tokenizer of --tokenizer, received 1\d\d prompt tokens where it makes \d+/,
  });
  await t.throwsAsync(opened(t, {}, { tokenizer: "/nowhere" }), { code: "ERPRM_NOT_FOUND", message: /--tokenizer/ });
  await t.throwsAsync(opened(t, {}, { tokenizer: makeFolder(t, { "config.json": "{}" }) }), {
    code: "ERPRM_NOT_FOUND",
    message: /tokenizer\.json/,
  });
});

test("a server that writes one completion a request, or the same one n times, is asked for each alone", async (t) => {
  for (const server of [{ maxChoices: 1 }, { repeats: true }]) {
    const { policy } = await opened(t, server);
    t.regex(policy.notes.join("\n"), /each is asked for alone/);
  }
  t.notRegex((await opened(t)).policy.notes.join("\n"), /alone/);
});

test("how many completions a server writes for a request is part of the identity: seeds are those of requests", async (t) => {
  const server = async (options: CompletionServerOptions) => (await opened(t, options)).policy.identity?.server;
  t.like(await server({ numSlots: 8 }), { completionsPerRequest: 8 });
  t.like(await server({ maxChoices: 1 }), { completionsPerRequest: 1 });
  t.false("completionsPerRequest" in ((await server({})) as object));
  t.false("completionsPerRequest" in ((await server({ isGreedy: true })) as object));
});

test("a server that does not sample says so, and only greedy completions are asked of it", async (t) => {
  for (const maxChoices of [1, 9]) {
    const { policy } = await opened(t, { isGreedy: true, maxChoices });
    t.regex(policy.notes.join("\n"), /does not sample: only greedy/);
    const loaded = await policy.load();
    t.teardown(() => loaded.dispose());
    const group = { prefixLength: 2, numCompletions: 2, solutionIndex: 0, stepIndex: 0, firstCompletion: 0 };
    const request = { trunk: Int32Array.of(49, 43), groups: [group], problemId: "p", seed: 0 };
    await t.throwsAsync(loaded.rolloutTrunk({ ...request, sampling: defaultSampling }), {
      code: "ERPRM_INVALID_ARGUMENT",
      message: /the temperature to be 0 with a server that writes the same text/,
    });
    const greedy = await loaded.rolloutTrunk({ ...request, sampling: { ...defaultSampling, temperature: 0 } });
    t.is(greedy[0]?.length, 2);
  }
});

test("a server that takes OpenAI's fields only gets no others, and the run says whose truncation holds", async (t) => {
  const { policy, requests } = await opened(t, { isStrict: true });
  t.like(policy.identity, { server: { truncation: "the server's own" } });
  t.regex(policy.notes.join("\n"), /takes no top_k, min_p and repetition_penalty/);
  t.true(requests.slice(1).every((body) => !("top_k" in body)));
  const usual = await opened(t);
  t.true(
    usual.requests.every(
      ({ top_k, min_p, repetition_penalty }) => top_k === -1 && min_p === 0 && repetition_penalty === 1,
    ),
  );
  t.false(JSON.stringify(usual.policy.identity).includes("truncation"));
});

test("a model that is not served is named together with those that are", async (t) => {
  const server = await startCompletionServer(t, { model: "big", models: [{ id: "big" }, { id: "small" }] });
  await t.throwsAsync(openRemotePolicy(`openai:${server.url}#huge`, quick), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /to serve the model huge, it lists: big, small/,
  });
});

test("a server that is not there is named soon, with exit 3; one that starts up is waited for", async (t) => {
  const gone = await startCompletionServer(t);
  await gone.close();
  await t.throwsAsync(openRemotePolicy(gone.policy, quick), {
    code: "ERPRM_IO",
    message: /asked for it 4 times.*ECONNREFUSED/,
  });

  const loading = (number: number) => (number < 2 ? { kind: "status" as const, status: 503 } : undefined);
  await t.notThrowsAsync(opened(t, { faultOf: loading }));
});

test("a server that does not answer is named while it is waited for; one that makes no list of models is given up", async (t) => {
  const never = new Promise<void>(() => {});
  const hung = await startCompletionServer(t, { listAfter: never });
  const told: string[] = [];
  const options = { ...quick, maxRetries: 1, tell: (text: string) => told.push(text) };
  await t.throwsAsync(openRemotePolicy(hung.policy, { ...options, patience: { tellMs: 20, listMs: 200 } }), {
    code: "ERPRM_IO",
    message: new RegExp(`answer of ${hung.url}, asked for it 2 times, received at last: nothing within 0.2 s`),
  });
  t.true(told.length >= 2);
  for (const text of told) t.regex(text, new RegExp(`waiting for ${hung.url}: no answer for \\d+ s`));

  told.length = 0;
  const answers = await startCompletionServer(t);
  await openRemotePolicy(answers.policy, { ...options, patience: { tellMs: 60_000, listMs: 60_000 } });
  t.deepEqual(told, []);
});

test("a server that is busy with a completion is named too, and waited for", async (t) => {
  let release = () => {};
  const free = new Promise<void>((resolve) => {
    release = resolve;
  });
  const busy = await startCompletionServer(t, { faultOf: () => ({ kind: "wait", for: free }) });
  const tell = (text: string) => {
    t.true(text.includes(busy.url));
    release();
  };
  await t.notThrowsAsync(openRemotePolicy(busy.policy, { ...quick, tell, patience: { tellMs: 20, listMs: 60_000 } }));
});

test("several servers have to serve what is asked for, and what all of them can do counts", async (t) => {
  const tokenizer = byteTokenizerFolder(t);
  const both = await startCompletionServer(t, { models: [{ id: "m", max_model_len: 900 }] });
  const texts = await startCompletionServer(t, { givesTokens: false, models: [{ id: "m", max_model_len: 500 }] });
  const policy = await openRemotePolicy(`openai:${both.url},${texts.url}#m`, { ...quick, tokenizer });
  t.like(policy.identity, { server: { prompts: "token ids", completions: "texts" }, contextLength: 500 });
  const other = await startCompletionServer(t, { model: "n" });
  await t.throwsAsync(openRemotePolicy(`openai:${both.url},${other.url}#m`, quick), { message: /it lists: n/ });
});

test("SGLang beside other servers is refused: each keeps stop texts by a field of its own", async (t) => {
  const sglang = await startCompletionServer(t, { models: [{ id: "m", owned_by: "sglang" }] });
  const other = await startCompletionServer(t);
  await t.throwsAsync(openRemotePolicy(`openai:${other.url},${sglang.url}#m`, quick), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: new RegExp(`received SGLang at ${sglang.url} and others at ${other.url}`),
  });
});

test("options that cannot be are refused before anybody is asked, and a key is never shown", async (t) => {
  const refused = (options: RemotePolicyOptions, message: RegExp) =>
    t.throwsAsync(openRemotePolicy("openai:http://127.0.0.1:9/v1#m", options), {
      code: "ERPRM_INVALID_ARGUMENT",
      message,
    });
  await refused({ concurrency: 0 }, /concurrency/);
  await refused({ maxRetries: -1 }, /maxRetries/);
  await refused({ requestTimeout: 0 }, /requestTimeout/);
  await refused({ contextLength: 100 }, /with a tokenizer/);
  await refused({ prices: { input: -1 } }, /input price/);
  await refused({ patience: { tellMs: 0, listMs: 1 } }, /tellMs/);
  const error = await refused({ apiKey: "sec ret" }, /the API key to be printable/);
  t.false(JSON.stringify([error?.message, error]).includes("sec ret"));
});
