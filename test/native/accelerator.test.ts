/** The accelerator's engine behind the boundary, in f32: the CPU's results. */
import test from "ava";
import { openModel } from "../../src/model/open-model.js";
import type { NativeFreshTokens, NativePolicyOptions } from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";
import { accelerator } from "../support/accelerator.js";
import { blockBytes, loadTiny, makeRequest, vocabularySize, writeTinyModel } from "../support/tiny-engine.js";
import { loadRewardModel, writeScoringModel } from "../support/tiny-reward-model.js";

const exact = { device: accelerator, weights: "f32" } as const;

function near(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => Math.abs(value - (b[i] as number)) <= tolerance);
}

test("accelerator: rollouts have the CPU's tokens, whatever burst and memory, and log-probabilities within 1e-3", async (t) => {
  const directory = await writeTinyModel(t);
  const prefixes = [
    { prefixLength: 20, numCompletions: 3 },
    { prefixLength: 9, numCompletions: 2 },
  ];
  const requests = () => [1, 2].map((problem) => makeRequest(problem, 20, prefixes, { maxTokens: 50 }));
  const cpu = await loadTiny(t, directory);
  const expected = await Promise.all(requests().map((request) => cpu.rollout(request)));
  const variants: Partial<NativePolicyOptions>[] = [
    {},
    { burstTokens: 1, maxBatch: 3 },
    { kvMemoryBytes: 4 * blockBytes },
  ];
  for (const variant of variants) {
    const policy = await loadTiny(t, directory, { ...exact, ...variant });
    const results = await Promise.all(requests().map((request) => policy.rollout(request)));
    for (const [i, result] of results.entries()) {
      t.deepEqual(result.values, expected[i]?.values);
      t.deepEqual(result.offsets, expected[i]?.offsets);
      t.deepEqual(result.finishReasons, expected[i]?.finishReasons);
      t.true(near(result.logProbabilities, expected[i]?.logProbabilities ?? [], 1e-3));
    }
    t.is(policy.stats().completions, 10);
    t.is(policy.stats().kvBytes, 0);
  }
});

test("accelerator: logits and log-probabilities are the CPU's within 1e-4", async (t) => {
  const directory = await writeTinyModel(t);
  const cpu = await loadTiny(t, directory);
  const policy = await loadTiny(t, directory, exact);
  const values = Int32Array.from({ length: 90 }, (_, i) => (i * 37) % 256);
  const offsets = Int32Array.of(0, 70, 70, 90);
  const logits = await policy.logits(values, offsets);
  t.is(logits.length, 90 * vocabularySize);
  t.true(near(logits, await cpu.logits(values, offsets), 1e-4));
  t.true(
    near(await policy.logProbabilities(values, offsets, 0.8), await cpu.logProbabilities(values, offsets, 0.8), 1e-3),
  );
});

test("accelerator: tokens are told as they come, and a cancelled request is rejected", async (t) => {
  const policy = await loadTiny(t, await writeTinyModel(t), exact);
  const told: NativeFreshTokens[] = [];
  const request = makeRequest(3, 10, [{ prefixLength: 10, numCompletions: 1 }], {
    stopTokens: new Int32Array(0),
    onTokens: (tokens) => told.push(tokens),
    numAlternatives: 2,
  });
  const result = await policy.rollout(request);
  t.deepEqual(
    told.flatMap(({ tokens }) => [...tokens]),
    [...result.values],
  );
  t.is(told.flatMap(({ alternatives }) => [...alternatives]).length, 2 * result.values.length);
  const long = makeRequest(4, 10, [{ prefixLength: 10, numCompletions: 8 }], { maxTokens: 200 });
  const cancelled = t.throwsAsync(policy.rollout(long), { code: "ERPRM_ABORTED" });
  policy.cancel(long.id);
  await cancelled;
  t.is((await policy.rollout({ ...request, id: 1e6, numAlternatives: 0 })).values.length, result.values.length);
});

test("accelerator: bf16 weights give scores near the f32 ones, which are the CPU's within 1e-3", async (t) => {
  const directory = await writeScoringModel(t, "llama-token-classification");
  const values = Int32Array.from({ length: 60 }, (_, i) => (i * 29) % 200);
  const batch = [values, Int32Array.of(0, 33, 60), Int32Array.of(4, 20, 32, 40, 59)] as const;
  const cpu = await (await loadRewardModel(t, directory)).score(...batch);
  const same = await (await loadRewardModel(t, directory, exact)).score(...batch);
  t.true(near(same, cpu, 1e-3));
  const rounded = await (await loadRewardModel(t, directory, { ...exact, weights: "bf16" })).score(...batch);
  t.false(near(rounded, cpu, 1e-6));
  t.true(near(rounded, cpu, 1));
});

test("weights that a device does not hold, and names of none, are refused", async (t) => {
  const { checkpoint } = await openModel(await writeTinyModel(t));
  const options = { threads: 1, maxBatch: 8, kvMemoryBytes: 64 << 20, prefillChunk: 64 };
  const load = (more: Pick<NativePolicyOptions, "device" | "weights">) =>
    loadNative().loadPolicy(checkpoint, { ...options, ...more });
  await t.throwsAsync(load({ device: accelerator, weights: "int8" }), {
    message: /to be f32 or bf16 on an accelerator/,
  });
  await t.throwsAsync(load({ device: "cpu", weights: "bf16" }), { message: /to be f32 or int8, received bf16/ });
  await t.throwsAsync(load({ device: "tpu", weights: "f32" }), {
    message: /options\.device to be cpu, cuda or cuda:INDEX/,
  });
  await t.throwsAsync(load({ device: "cuda:77", weights: "f32" }), { code: "ERPRM_DEVICE_UNAVAILABLE" });
});

test("memory that holds no two blocks is ERPRM_OUT_OF_MEMORY", async (t) => {
  const directory = await writeTinyModel(t);
  await t.throwsAsync(loadTiny(t, directory, { ...exact, kvMemoryBytes: blockBytes }), {
    code: "ERPRM_OUT_OF_MEMORY",
  });
});
