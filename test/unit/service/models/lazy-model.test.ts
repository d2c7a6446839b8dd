/** Real models within a memory that holds one of them at a time, behind a real server. */
import test from "ava";
import { totalBytes } from "../../../../src/model/resident-bytes.js";
import { Policy } from "../../../../src/policy/policy.js";
import { type LazyModel, lazyModel } from "../../../../src/service/models/lazy-model.js";
import { ModelMemory } from "../../../../src/service/models/model-memory.js";
import { complete, post, serveModels, textsOf } from "../../../support/serve-completions.js";
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
