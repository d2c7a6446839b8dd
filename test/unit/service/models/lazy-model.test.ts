/** Real models within a memory that holds one of them at a time, behind a real server. */
import { renameSync, utimesSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { type ResidentBytes, totalBytes } from "../../../../src/model/resident-bytes.js";
import { Policy } from "../../../../src/policy/policy.js";
import { RewardModel } from "../../../../src/reward/reward-model.js";
import { policyFacts } from "../../../../src/service/model-facts.js";
import { type LazyModel, lazyModel } from "../../../../src/service/models/lazy-model.js";
import { ModelMemory } from "../../../../src/service/models/model-memory.js";
import { complete, post, serveModels, textsOf } from "../../../support/serve-completions.js";
import { writeTinyModel } from "../../../support/tiny-engine.js";
import { tinySolutions, writeTinyConfig } from "../../../support/tiny-scoring.js";
import { until } from "../../../support/until.js";

const openTiny = () => Policy.open("builtin:tiny", { maxBatch: 8, threads: 1, kvMemoryBytes: 64 << 20 });

/** Two names for the tiny model, and memory for `count` of them. */
async function twoModels(count: number) {
  const opened = await openTiny();
  const bytes = totalBytes(opened.memory as NonNullable<typeof opened.memory>);
  const memory = new ModelMemory(Math.floor(count * bytes));
  let loads = 0;
  const counted = {
    ...opened,
    load: () => {
      loads += 1;
      return opened.load();
    },
  };
  const models = ["a", "b"].map((name) => lazyModel<Policy>(name, counted, memory));
  const served = models.map((model) => ({ kind: "policy" as const, ...model }));
  return { memory, models: models as [LazyModel<Policy>, LazyModel<Policy>], served, bytes, numLoads: () => loads };
}

const body = { prompt: "2 + 2 =", n: 3, max_tokens: 30 };

test("models that do not fit together take turns, and give the texts that they give alone", async (t) => {
  const { memory, models, served, bytes, numLoads } = await twoModels(1.5);
  const { url } = await serveModels(t, served);
  for (const model of models) await model.load();
  t.is(numLoads(), 1, "the second waits for its first use");
  t.true(models.every((model) => model.ready()));
  const wanted = await Promise.all(
    [0, 1, 2].map(async (seed) => textsOf([await complete(url, { ...body, seed, model: "a" })])),
  );
  const jobs = Array.from({ length: 24 }, (_, i) => ({ seed: i % 3, model: i % 2 === 0 ? "a" : "b" }));
  let most = 0;
  const answers = await Promise.all(
    jobs.map(async ({ seed, model }) => {
      const answer = await complete(url, { ...body, seed, model });
      most = Math.max(most, memory.taken);
      return textsOf([answer]);
    }),
  );
  t.deepEqual(
    answers,
    jobs.map(({ seed }) => wanted[seed]),
  );
  t.is(most, bytes, "one at a time");
  t.true(numLoads() >= 2);
});

test("models that fit together are loaded at the start and stay", async (t) => {
  const { models, served, numLoads } = await twoModels(2);
  const { url, service } = await serveModels(t, served);
  t.is((await fetch(`${url}/readyz`)).status, 503);
  for (const model of models) await model.load();
  t.is((await fetch(`${url}/readyz`)).status, 200);
  for (const model of ["a", "b", "a"]) await complete(url, { ...body, model });
  t.is(numLoads(), 2);
  const metrics = await service.context.metrics.text();
  for (const model of ["a", "b"]) t.true(metrics.includes(`erprm_model_loaded{model="${model}",kind="policy"} 1`));
});

test("a policy and a reward model take turns too, and scores and texts are those they give when both are loaded", async (t) => {
  const directory = await writeTinyModel(t);
  await writeTinyConfig(directory);
  const options = { threads: 1, kvMemoryBytes: 32 << 20 };
  const policy = await Policy.open(directory, { ...options, maxBatch: 8 });
  const rewardModel = await RewardModel.open(directory, options);
  const largest = Math.max(...[policy, rewardModel].map(({ memory }) => totalBytes(memory as ResidentBytes)));
  const answersWithin = async (bytes: number) => {
    const memory = new ModelMemory(bytes);
    const lazy = [lazyModel("writer", policy, memory), lazyModel("scorer", rewardModel, memory)] as const;
    const { url } = await serveModels(t, [
      { kind: "policy", ...lazy[0] },
      { kind: "reward-model", ...lazy[1] },
    ]);
    const answers = await Promise.all(
      tinySolutions.slice(0, 12).map(async ({ question, steps }, seed) => {
        const scored = fetch(`${url}/v1/score`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ question, steps }),
        });
        const texts = textsOf([await complete(url, { ...body, prompt: question, seed })]);
        return [((await (await scored).json()) as { stepScores: number[] }).stepScores, texts] as const;
      }),
    );
    t.true(memory.taken <= bytes);
    await Promise.all(lazy.map((model) => model.dispose()));
    return answers;
  };
  const apart = await answersWithin(largest);
  t.true(apart.every(([stepScores]) => stepScores.length > 0));
  t.deepEqual(apart, await answersWithin(Number.POSITIVE_INFINITY));
});

test("what is asked of a model while another holds its room waits, and leaves with its client", async (t) => {
  const { models, served } = await twoModels(1);
  const { url } = await serveModels(t, served);
  let free = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  let isHeld = false;
  const holding = models[0].use(async () => {
    isHeld = true;
    await held;
  });
  await until(() => isHeld);
  const leaving = new AbortController();
  const gone = t.throwsAsync(post(url, { ...body, model: "b" }, { signal: leaving.signal }), { any: true });
  const staying = complete(url, { ...body, model: "b", seed: 1 });
  leaving.abort();
  await gone;
  t.is(models[1].facts().loaded, false);
  free();
  await holding;
  t.is((await staying).choices.length, 3);
  t.is(models[0].facts().loaded, false);
});

test("a model that the memory cannot hold even alone is refused before anything is loaded", async (t) => {
  await t.throwsAsync(twoModels(0.9), {
    code: "ERPRM_OUT_OF_MEMORY",
    message: /"a".*bytes \(weights \d+, keys and values \d+, buffers \d+\)/,
  });
});

test("which model it is, is told before it is loaded", async (t) => {
  const opened = await openTiny();
  const model = lazyModel<Policy>("a", opened, new ModelMemory(), policyFacts(opened, "f32"));
  t.teardown(() => model.dispose());
  const facts = { max_model_len: opened.contextLength, fingerprint: opened.fingerprint, dtype: "f32" };
  t.like(model.facts(), { ...facts, loaded: false });
  await model.load();
  t.like(model.facts(), { ...facts, loaded: true });
});

test("a model whose files are gone or were written is a fault of the server, whose paths no client is told", async (t) => {
  const directory = await writeTinyModel(t);
  const weights = join(directory, "model.safetensors");
  const opened = await Policy.open(directory, { threads: 1, kvMemoryBytes: 1 << 20 });
  const { url, log } = await serveModels(t, [{ kind: "policy", ...lazyModel("gone", opened, new ModelMemory()) }]);
  const away = `${weights}.away`;
  const troubles = {
    ERPRM_INVALID_CHECKPOINT: () => utimesSync(weights, 1, 1),
    ERPRM_NOT_FOUND: () => renameSync(weights, away),
  };
  for (const [code, trouble] of Object.entries(troubles)) {
    trouble();
    const refused = await post(url, body);
    t.is(refused.status, 500);
    const text = await refused.text();
    t.like(JSON.parse(text), { error: { code, param: null } });
    t.false(text.includes(directory));
    t.true(log.some((line) => line.includes(code)));
  }
});
