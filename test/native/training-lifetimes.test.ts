/** What happens to a trainer and its work in flight when handles, workers or the process go away. */
import { readdirSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import { loadNative } from "../../src/native/loader.js";
import { type ChildResult, runChildScript } from "../support/child-script.js";
import { writeTinyModel } from "../support/tiny-engine.js";
import { trainerDefaults } from "../support/tiny-trainer.js";

// Serial: the threads counted are those of the whole process.
test.serial("a trainer that was disposed of, or could not be made, leaves no threads behind", async (t) => {
  const { checkpoint } = await openModel(await writeTinyModel(t));
  const options = { ...trainerDefaults, threads: 8 };
  const numThreads = async () => {
    const trainer = await loadNative().createTrainer(checkpoint, options);
    await trainer.dispose();
    await t.throwsAsync(loadNative().createTrainer({ ...checkpoint, tensors: [] }, options));
    return readdirSync("/proc/self/task").length;
  };
  const first = await numThreads();
  for (let i = 0; i < 4; i++) t.true((await numThreads()) <= first + 3);
});

/** For a script: `createTrainer()`, of four threads, and `batch`: a tenth of a second of work or more. */
function training(directory: string): string {
  const openModelUrl = new URL("../../src/model/open-model.js", import.meta.url).href;
  const { seed, candidates, ...options } = trainerDefaults;
  return `
    const createTrainer = async () => {
      const { openModel } = await import(${JSON.stringify(openModelUrl)});
      const { checkpoint } = await openModel(${JSON.stringify(directory)});
      const options = { ...${JSON.stringify(options)}, threads: 4, seed: ${seed}n, candidates: new Int32Array(0) };
      return loadAddon().createTrainer(checkpoint, options);
    };
    const values = Int32Array.from({ length: 20 * 200 }, (_, i) => (i * 31 + (i >> 7) * 17) % 256);
    const batch = {
      values,
      offsets: Int32Array.from({ length: 21 }, (_, i) => i * 200),
      positions: Int32Array.from(values, (_, i) => i),
      tokens: values,
      labels: new Float32Array(0),
      weights: new Float32Array(values.length).fill(1e-3),
    };
  `;
}

function ended(t: ExecutionContext, result: ChildResult, code: number): void {
  // How far the script came says where it died.
  const told = `${result.stdout}${result.stderr}`;
  t.is(result.signal, null, told);
  t.is(result.code, code, told);
  t.is(result.stderr, "");
}

test("worker.terminate() in the middle of a batch does not crash, again and again", async (t) => {
  const body = `
    import { createRequire } from "node:module";
    import { parentPort } from "node:worker_threads";
    const loadAddon = () => createRequire("file:///")(process.env.ADDON);
    ${training(await writeTinyModel(t))}
    const trainer = await createTrainer();
    void trainer.accumulate(batch);
    parentPort.postMessage("begun");
    for (;;) await trainer.accumulate(batch);`;
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

test("two workers that train at once come to the same bits", async (t) => {
  const body = `
    import { createRequire } from "node:module";
    import { parentPort } from "node:worker_threads";
    const loadAddon = () => createRequire("file:///")(process.env.ADDON);
    ${training(await writeTinyModel(t))}
    const trainer = await createTrainer();
    for (let i = 0; i < 3; i++) await trainer.accumulate(batch);
    const gradient = await trainer.gradient("model.norm.weight");
    await trainer.dispose();
    parentPort.postMessage(Buffer.from(gradient.buffer).toString("hex"));`;
  const result = await runChildScript(`
    const { Worker } = await import("node:worker_threads");
    const train = () => new Promise((resolve, reject) => {
      const worker = new Worker(${JSON.stringify(body)}, { eval: true, env: { ...process.env, ADDON: addonPath } });
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    const [one, other] = await Promise.all([train(), train()]);
    console.log(one === other, one.length);`);
  ended(t, result, 0);
  t.is(result.stdout, "true 512\n");
});

test("process.exit in the middle of a batch ends with its code", async (t) => {
  const work = training(await writeTinyModel(t));
  for (const delay of [0, 10, 50]) {
    const result = await runChildScript(`${work}
      const trainer = await createTrainer();
      for (let i = 0; i < 20; i++) void trainer.accumulate(batch);
      setTimeout(() => process.exit(5), ${delay});`);
    ended(t, result, 5);
  }
});

test("a trainer that nobody holds is kept until its losses are there, then freed", async (t) => {
  const result = await runChildScript(`${training(await writeTinyModel(t))}
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    const { readdirSync } = await import("node:fs");
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc");
    const numThreads = () => readdirSync("/proc/self/task").length;
    const pending = createTrainer().then((trainer) => trainer.accumulate(batch));
    let most = 0;
    const timer = setInterval(() => { most = Math.max(most, numThreads()); gc(); }, 2);
    const { losses } = await pending;
    for (let i = 0; i < 1000 && numThreads() > most - 3; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(timer);
    console.log(losses.length, losses.every(Number.isFinite), most - numThreads());`);
  ended(t, result, 0);
  t.is(result.stdout, "4000 true 3\n");
});
