import test from "ava";
import { ErprmError } from "../../src/errors.js";
import type { Policy, PolicyOptions } from "../../src/policy/policy.js";
import { labelStage } from "../../src/stages/label.js";
import { rolloutStage } from "../../src/stages/rollout.js";
import { newCounts } from "../../src/stages/stage-counts.js";
import { collect } from "../support/fake-policy.js";
import { sameResult } from "../support/near.js";
import { blockBytes, writeTinyModel } from "../support/tiny-engine.js";
import { loadTinyPolicy, parityGrader, tinyPrompt, tinyRule } from "../support/tiny-policy.js";

const problems = Array.from({ length: 4 }, (_, i) => ({ id: `p${i}`, question: `${i} + ${3 * i}?`, answer: "4" }));

async function bothStages(policy: Policy) {
  const common = { policy, prompt: tinyPrompt, split: tinyRule, seed: 3, grader: parityGrader };
  const sampling = { maxTokens: 48 };
  const solutions = await collect(rolloutStage(problems, { ...common, numSolutions: 3, sampling }));
  const counts = newCounts();
  const labels = await collect(labelStage(solutions, { ...common, numCompletions: 5, sampling, counts }));
  return { solutions, labels, counts };
}

for (const dtype of ["f32", "int8"] as const) {
  test(`${dtype}: solutions and labels do not depend on threads, batch size or memory`, async (t) => {
    const directory = await writeTinyModel(t);
    const expected = await bothStages(await loadTinyPolicy(t, directory, { dtype }));
    const numSteps = expected.labels.reduce((sum, { steps }) => sum + steps.length, 0);
    t.true(numSteps > expected.labels.length + 3, "some solutions have several steps");
    const soft = expected.labels.flatMap(({ labels }) => labels.soft ?? []);
    t.true(new Set(soft).size > 2, "labels differ between steps");
    const others: PolicyOptions[] = [
      { threads: 2, maxBatch: 3 },
      { maxBatch: 1 },
      { maxBatch: 16, kvMemoryBytes: 8 * blockBytes },
    ];
    for (const options of others) {
      const { solutions, labels } = await bothStages(await loadTinyPolicy(t, directory, { dtype, ...options }));
      sameResult(t, solutions, expected.solutions);
      sameResult(t, labels, expected.labels);
    }
  });
}

test("labelling computes each trunk once: prompt tokens are trunk lengths, far below the sum over prefixes", async (t) => {
  const policy = await loadTinyPolicy(t, await writeTinyModel(t));
  const common = { policy, prompt: tinyPrompt, split: tinyRule, grader: parityGrader };
  const solutions = await collect(rolloutStage(problems, { ...common, numSolutions: 2, sampling: { maxTokens: 100 } }));
  const before = policy.stats().promptTokens;
  const counts = newCounts();
  await collect(labelStage(solutions, { ...common, numCompletions: 4, sampling: { maxTokens: 10 }, counts }));
  t.is(policy.stats().promptTokens - before, counts.trunkTokens);
  t.true(counts.prefixTokens > counts.trunkTokens);
  t.is(counts.unsharedTokens, 4 * counts.prefixTokens);
  t.is(policy.stats().recomputedTokens, 0);
});

test("greedy completions of one prefix are all the same", async (t) => {
  const policy = await loadTinyPolicy(t, await writeTinyModel(t));
  const rollouts = await collect(
    policy.rollout(["Once", "Twice"], { numCompletions: 3, temperature: 0, maxTokens: 20 }),
  );
  t.is(rollouts.length, 6);
  for (const { promptIndex, text } of rollouts) t.is(text, rollouts[3 * promptIndex]?.text as string);
  t.not(rollouts[0]?.text, rollouts[3]?.text);
});

test("log-probabilities of a rollout are those of the sequence it makes with its prompt", async (t) => {
  const policy = await loadTinyPolicy(t, await writeTinyModel(t));
  const prompt = policy.tokenizer.encode("Once upon", { addSpecialTokens: false });
  const [rollout] = await collect(
    policy.rollout({ values: prompt, offsets: Int32Array.of(0, prompt.length) }, { maxTokens: 24, seed: 2 }),
  );
  const values = Int32Array.from([...prompt, ...(rollout?.tokenIds ?? [])]);
  const all = await policy.logProbabilities({ values, offsets: Int32Array.of(0, values.length) });
  t.is(all[0], 0);
  for (const [i, logProbability] of (rollout?.logProbabilities ?? []).entries()) {
    t.true(Math.abs(logProbability - (all[prompt.length + i] as number)) < 1e-4, `token ${i}`);
  }
});

test("an abort stops a stage at once and leaves the policy usable", async (t) => {
  const policy = await loadTinyPolicy(t, await writeTinyModel(t));
  const controller = new AbortController();
  const many = Array.from({ length: 500 }, (_, i) => ({ id: `m${i}`, question: "?", answer: "4" }));
  const options = { policy, prompt: tinyPrompt, grader: parityGrader, numSolutions: 8, signal: controller.signal };
  let abortedAt = 0;
  const error = await t.throwsAsync(
    async () => {
      for await (const _ of rolloutStage(many, options)) {
        if (abortedAt > 0) continue;
        abortedAt = performance.now();
        controller.abort();
      }
    },
    { instanceOf: ErprmError },
  );
  const milliseconds = performance.now() - abortedAt;
  t.is(error?.code, "ERPRM_ABORTED");
  t.true(milliseconds < 500, `${milliseconds} ms`);
  // The policy is as good as before.
  t.is((await collect(policy.rollout(["x"], { maxTokens: 4 }))).length, 1);
});

test("a key-value memory that cannot hold one trunk is ERPRM_OUT_OF_MEMORY", async (t) => {
  const directory = await writeTinyModel(t);
  const policy = await loadTinyPolicy(t, directory, { kvMemoryBytes: 2 * blockBytes });
  const long = [{ id: "long", question: "x".repeat(180), answer: "4" }];
  const options = { policy, prompt: tinyPrompt, grader: parityGrader, numSolutions: 1 };
  const error = await t.throwsAsync(collect(rolloutStage(long, options)), { instanceOf: ErprmError });
  t.is(error?.code, "ERPRM_OUT_OF_MEMORY");
});
