/** What happens to a reward model and its scores in flight when handles, workers or the process go away. */
import { readdirSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import { loadNative } from "../../src/native/loader.js";
import { type ChildResult, runChildScript } from "../support/child-script.js";
import { sameResult } from "../support/near.js";
import { loadTiny, writeTinyModel } from "../support/tiny-engine.js";
import { loadRewardModel, makeSequence, pack, writeScoringModel } from "../support/tiny-reward-model.js";

const modelName = "llama-token-classification";

test("dispose waits for scores in flight; afterwards every call is ERPRM_DISPOSED", async (t) => {
  const rewardModel = await loadRewardModel(t, await writeScoringModel(t, modelName), { threads: 2 });
  const batch = pack([makeSequence(1, 1, 200)]);
  const pending = [rewardModel.score(...batch), rewardModel.score(...batch)];
  const disposed = [rewardModel.dispose(), rewardModel.dispose()];
  const late = rewardModel.score(...batch);
  t.like(await t.throwsAsync(late, { message: /disposed/ }), { code: "ERPRM_DISPOSED" });
  t.is(await Promise.race([...pending, ...disposed].map((promise, i) => promise.then(() => i))), 0);
  for (const scores of await Promise.all(pending)) t.is(scores.length, 3 * 2);
  await Promise.all(disposed);
  await t.notThrowsAsync(rewardModel.dispose());
  await t.throwsAsync(rewardModel.score(...batch), { message: /disposed/ });
});

test("a method scores with the model it came from, whatever it is called on", async (t) => {
  const directory = await writeScoringModel(t, modelName);
  const one = await loadRewardModel(t, directory);
  const other = await loadRewardModel(t, await writeScoringModel(t, modelName, 12));
  const policy = await loadTiny(t, await writeTinyModel(t));
  const batch = pack([makeSequence(1, 1, 50)]);
  const scores = await one.score(...batch);
  t.notDeepEqual(await other.score(...batch), scores);
  for (const owner of [undefined, null, {}, other, policy])
    t.deepEqual(await one.score.call(owner as never, ...batch), scores);
  t.false("rollout" in one || "score" in policy);
});

test("reward models and policies work side by side to the same numbers", async (t) => {
  const directory = await writeTinyModel(t);
  const rewardModel = await loadRewardModel(t, directory, { candidates: Int32Array.of(43) });
  const policy = await loadTiny(t, directory);
  const batch = pack([makeSequence(1, 1, 100)]);
  const [values, offsets, positions] = batch;
  const all = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      if (i % 2 === 0) return [...(await rewardModel.score(...batch))];
      const logits = await policy.logits(values, offsets);
      return [...positions].map((at) => logits[at * 288 + 43] as number);
    }),
  );
  for (const scores of all) sameResult(t, scores, all[0]);
});

// Serial: the threads counted are those of the whole process.
test.serial("a reward model that was disposed of, or failed to load, leaves no threads behind", async (t) => {
  const { checkpoint } = await openModel(await writeScoringModel(t, modelName));
  const options = { weights: "f32", threads: 8, kvMemoryBytes: 1 << 20, candidates: new Int32Array(0) } as const;
  const numThreads = async () => {
    const rewardModel = await loadNative().loadRewardModel(checkpoint, options);
    await rewardModel.dispose();
    await t.throwsAsync(loadNative().loadRewardModel({ ...checkpoint, tensors: [] }, options));
    return readdirSync("/proc/self/task").length;
  };
  const first = await numThreads();
  for (let i = 0; i < 4; i++) t.true((await numThreads()) <= first + 3);
});

/** For a script: `loadRewardModel()`, of four threads, and `batch`: a tenth of a second of work or more. */
function scoring(directory: string): string {
  const openModelUrl = new URL("../../src/model/open-model.js", import.meta.url).href;
  return `
    const loadRewardModel = async () => {
      const { openModel } = await import(${JSON.stringify(openModelUrl)});
      const { checkpoint } = await openModel(${JSON.stringify(directory)});
      const options = { weights: "f32", threads: 4, kvMemoryBytes: 8 << 20, candidates: new Int32Array(0) };
      return loadAddon().loadRewardModel(checkpoint, options);
    };
    const values = Int32Array.from({ length: 200 * 200 }, (_, i) => (i * 31 + (i >> 7) * 17) % 256);
    const batch = [values, Int32Array.from({ length: 201 }, (_, i) => i * 200), Int32Array.from({ length: 200 }, (_, i) => i * 200 + 199)];
  `;
}

function ended(t: ExecutionContext, result: ChildResult, code: number): void {
  t.is(result.signal, null, result.stderr);
  t.is(result.code, code, result.stderr);
  t.is(result.stderr, "");
}

test("worker.terminate() while steps are scored does not crash, again and again", async (t) => {
  const body = `
    import { createRequire } from "node:module";
    import { parentPort } from "node:worker_threads";
    const loadAddon = () => createRequire("file:///")(process.env.ADDON);
    ${scoring(await writeScoringModel(t, modelName))}
    const rewardModel = await loadRewardModel();
    void rewardModel.score(...batch);
    parentPort.postMessage("begun");
    for (;;) await rewardModel.score(...batch);`;
  const result = await runChildScript(`
    const { Worker } = await import("node:worker_threads");
    for (let i = 0; i < 8; i++) {
      const worker = new Worker(${JSON.stringify(body)}, { eval: true, env: { ...process.env, ADDON: addonPath } });
      await new Promise((resolve, reject) => { worker.once("message", resolve); worker.once("error", reject); });
      await new Promise((resolve) => setTimeout(resolve, 7 * i));
      await worker.terminate();
    }
    console.log("whole");`);
  ended(t, result, 0);
  t.is(result.stdout, "whole\n");
});

test("process.exit while steps are scored ends with its code", async (t) => {
  const work = scoring(await writeScoringModel(t, modelName));
  for (const delay of [0, 10, 50]) {
    const result = await runChildScript(`${work}
      const rewardModel = await loadRewardModel();
      for (let i = 0; i < 50; i++) void rewardModel.score(...batch);
      setTimeout(() => process.exit(5), ${delay});`);
    ended(t, result, 5);
  }
});

test("a reward model that nobody holds is kept until its scores are there, then freed", async (t) => {
  const result = await runChildScript(`${scoring(await writeScoringModel(t, modelName))}
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    const { readdirSync } = await import("node:fs");
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc");
    const numThreads = () => readdirSync("/proc/self/task").length;
    const pending = loadRewardModel().then((rewardModel) => rewardModel.score(...batch));
    let most = 0;
    const timer = setInterval(() => { most = Math.max(most, numThreads()); gc(); }, 2);
    const scores = await pending;
    for (let i = 0; i < 1000 && numThreads() > most - 3; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(timer);
    console.log(scores.length, scores.every(Number.isFinite), most - numThreads());`);
  ended(t, result, 0);
  t.is(result.stdout, "400 true 3\n");
});
