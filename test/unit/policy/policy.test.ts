import { createHash } from "node:crypto";
import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { Policy } from "../../../src/policy/policy.js";
import { problemKeyOf } from "../../../src/policy/problem-key.js";
import { completeSampling } from "../../../src/policy/sampling.js";
import type { TrunkRequest } from "../../../src/policy/trunk.js";
import { collect, endToken, makeFakePolicy } from "../../support/fake-policy.js";

const sampling = completeSampling({});
const groupOf = (prefixLength: number, numCompletions: number, stepIndex = 0) => ({
  prefixLength,
  numCompletions,
  solutionIndex: 3,
  stepIndex,
  firstCompletion: 0,
});
const trunkOf = (request: Partial<TrunkRequest> = {}): TrunkRequest => ({
  trunk: Int32Array.of(1, 2, 3),
  groups: [groupOf(2, 2), groupOf(3, 1, 1)],
  problemId: "p",
  seed: 1,
  sampling,
  ...request,
});

test("completions come back by group", async (t) => {
  const { policy } = await makeFakePolicy();
  const groups = await policy.rolloutTrunk(trunkOf());
  t.deepEqual(
    groups.map((group) => group.length),
    [2, 1],
  );
  const completion = groups[0]?.[0];
  t.is(completion?.tokenIds.at(-1), endToken);
  t.is(completion?.logProbabilities.length, completion?.tokenIds.length);
  t.is(completion?.finishReason, "stop");
});

test("the problem's random streams are named by the first 8 bytes of SHA-256 of its id", async (t) => {
  const { policy, native } = await makeFakePolicy();
  await policy.rolloutTrunk(trunkOf({ problemId: "gsm8k-test-0", seed: 12 }));
  const digest = createHash("sha256").update("gsm8k-test-0").digest();
  t.is(native.requests[0]?.problemKey, digest.readBigUInt64LE());
  t.is(native.requests[0]?.problemKey, problemKeyOf("gsm8k-test-0"));
  t.is(native.requests[0]?.seed, 12n);
});

test("stop texts travel as UTF-8 bytes", async (t) => {
  const { policy, native } = await makeFakePolicy();
  await policy.rolloutTrunk(trunkOf({ sampling: completeSampling({ stop: ["é", "Q:"] }) }));
  const { stopBytes, stopBytesOffsets } = native.requests[0] as (typeof native.requests)[0];
  t.deepEqual([...stopBytes], [...Buffer.from("éQ:")]);
  t.deepEqual([...stopBytesOffsets], [0, 2, 4]);
});

test("an abort cancels the request and rejects with ERPRM_ABORTED, the signal's reason as cause", async (t) => {
  const { policy, native } = await makeFakePolicy({ delayMs: () => 10_000 });
  const controller = new AbortController();
  const running = policy.rolloutTrunk(trunkOf({ signal: controller.signal }));
  const reason = new Error("enough");
  controller.abort(reason);
  const error = await t.throwsAsync(running, { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_ABORTED");
  t.is(error?.cause, reason);
  t.deepEqual(native.cancelled, [0]);
  const again = await t.throwsAsync(policy.rolloutTrunk(trunkOf({ signal: controller.signal })));
  t.is((again as ErprmError).code, "ERPRM_ABORTED");
  t.is(native.requests.length, 1, "a signal that fired before starts nothing");
});

test("an error of the native side keeps its code and details and gets the caller's stack", async (t) => {
  const { policy, native } = await makeFakePolicy();
  native.rollout = () =>
    Promise.reject(
      Object.assign(new Error("no room"), { code: "ERPRM_OUT_OF_MEMORY", details: { requestedBytes: 7 } }),
    );
  async function theCaller() {
    return await policy.rolloutTrunk(trunkOf());
  }
  const error = await t.throwsAsync(theCaller(), { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_OUT_OF_MEMORY");
  t.deepEqual(error?.details, { requestedBytes: 7 });
  t.regex(error?.stack ?? "", /theCaller/);
  native.rollout = () => Promise.reject(new Error("???"));
  t.is((await t.throwsAsync(policy.rolloutTrunk(trunkOf()), { instanceOf: ErprmError }))?.code, "ERPRM_INTERNAL");
});

test("a disposed policy refuses work (ERPRM_DISPOSED); dispose may be called again", async (t) => {
  const { policy, native } = await makeFakePolicy();
  await policy.dispose();
  await policy[Symbol.asyncDispose]();
  t.is(native.disposals, 1);
  t.is((await t.throwsAsync(policy.rolloutTrunk(trunkOf()), { instanceOf: ErprmError }))?.code, "ERPRM_DISPOSED");
  t.throws(() => policy.stats(), { instanceOf: ErprmError });
});

test("requests are checked by name", async (t) => {
  const { policy } = await makeFakePolicy();
  const cases: [Partial<TrunkRequest>, RegExp][] = [
    [{ groups: [groupOf(0, 1)] }, /groups\[0\]\.prefixLength to be an integer from 1 to 3/],
    [{ groups: [groupOf(4, 1)] }, /groups\[0\]\.prefixLength/],
    [{ groups: [groupOf(1, 0)] }, /groups\[0\]\.numCompletions/],
    [{ seed: -1 }, /seed/],
    [{ seed: 1.5 }, /seed/],
  ];
  for (const [request, message] of cases) {
    const error = await t.throwsAsync(policy.rolloutTrunk(trunkOf(request)), { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_INVALID_ARGUMENT");
    t.regex(error?.message ?? "", message);
  }
});

test("sampling options are checked by name", (t) => {
  for (const options of [
    { temperature: -1 },
    { temperature: Number.NaN },
    { topP: 0 },
    { topP: 1.1 },
    { topK: -1 },
    { minP: 2 },
    { maxTokens: 0 },
    { stop: [""] },
    { stopTokenIds: [-1] },
  ]) {
    const error = t.throws(() => completeSampling(options), { instanceOf: ErprmError });
    t.is(error?.code, "ERPRM_INVALID_ARGUMENT");
    t.regex(error?.message ?? "", new RegExp(Object.keys(options)[0] as string));
  }
  t.deepEqual(completeSampling({ temperature: undefined as never }).temperature, 1);
});

test("rollouts of prompts come in input order, texts or token ids alike", async (t) => {
  const { policy, native } = await makeFakePolicy();
  const texts = ["one", "three", "five"];
  const rollouts = await collect(policy.rollout(texts, { numCompletions: 2, seed: 5 }));
  t.deepEqual(
    rollouts.map(({ promptIndex, completionIndex }) => [promptIndex, completionIndex]),
    [0, 1, 2].flatMap((prompt) => [
      [prompt, 0],
      [prompt, 1],
    ]),
  );
  t.true(
    rollouts.every(({ text }) => text.endsWith(".")),
    "the end token is not part of the text",
  );
  const values = Int32Array.from(texts.flatMap((text) => [...Buffer.from(text)]));
  const offsets = Int32Array.of(0, 3, 8, 12);
  t.deepEqual(await collect(policy.rollout({ values, offsets }, { numCompletions: 2, seed: 5 })), rollouts);
  t.deepEqual([...(native.requests[0]?.trunk ?? [])], [...Buffer.from("one")]);
});

test("a prompt that is empty or fills the context is refused by its index", async (t) => {
  const { policy } = await makeFakePolicy({ contextLength: 8 });
  for (const [prompts, index] of [
    [["ok", ""], 1],
    [["12345678"], 0],
  ] as const) {
    const error = await t.throwsAsync(collect(policy.rollout(prompts)), { instanceOf: ErprmError });
    t.regex(error?.message ?? "", new RegExp(`prompts\\[${index}\\] to be from 1 to 7 tokens`));
  }
});

test("a device's name that is none is ERPRM_INVALID_ARGUMENT before the model is looked for", async (t) => {
  const tpu = await t.throwsAsync(Policy.load("model", { device: "tpu" }), { instanceOf: ErprmError });
  t.is(tpu?.code, "ERPRM_INVALID_ARGUMENT");
});
