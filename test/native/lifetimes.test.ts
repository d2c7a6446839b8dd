/** What happens to work in flight when the process, the worker or the handles around it go away. */
import test, { type ExecutionContext } from "ava";
import { type ChildResult, runChildScript } from "../support/child-script.js";
import { vocabularySize, writeTinyModel } from "../support/tiny-engine.js";

// About a second of work for one thread, in one call, from little memory.
const longWork = `
const addon = loadAddon();
const outcomes = Float32Array.from({ length: 2_000_000 }, (_, i) => (i % 1013) / 1013);
const offsets = Int32Array.of(0, outcomes.length);
const etas = Float64Array.from({ length: 400 }, (_, i) => i + 1);
const work = () => addon.logMeanExp(outcomes, offsets, etas);
const short = () => addon.logMeanExp(Float32Array.of(0, 1), Int32Array.of(0, 2), Float64Array.of(0));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

// A worker that runs `body` and tells its parent when it has begun.
const startWorker = (body: string) => `
const { Worker } = await import("node:worker_threads");
// The worker is a module because this script is one: it inherits --input-type.
const startWorker = () => new Promise((resolve, reject) => {
  const prelude = ${JSON.stringify(`
    import { createRequire } from "node:module";
    import { parentPort } from "node:worker_threads";
    const loadAddon = () => createRequire("file:///")(process.env.ADDON);
    ${longWork}${body}`)};
  const worker = new Worker(prelude, { eval: true, env: { ...process.env, ADDON: addonPath } });
  worker.on("error", reject);
  // Listened to from the start: a worker that is quick hands over its message and its exit in one go.
  worker.exited = new Promise((gone) => worker.once("exit", gone));
  worker.once("message", () => resolve(worker));
});
`;

function ended(t: ExecutionContext, result: ChildResult, code: number): void {
  t.is(result.signal, null, result.stderr);
  t.is(result.code, code, result.stderr);
}

test("a process that only loads the addon, or has finished its calls, ends by itself", async (t) => {
  ended(t, await runChildScript("loadAddon();"), 0);
  const result = await runChildScript(`${longWork} console.log((await short())[0]);`);
  ended(t, result, 0);
  t.is(result.stdout, "0.5\n");
});

test("a pending promise keeps the process alive until it settles", async (t) => {
  const result = await runChildScript(`${longWork} work().then((labels) => console.log(labels.length));`);
  ended(t, result, 0);
  t.is(result.stdout, "400\n");
});

test("the event loop goes on while the device thread works", async (t) => {
  const result = await runChildScript(`${longWork}
    let done = false;
    let ticks = 0;
    const pending = work().then(() => { done = true; });
    while (!done) { await sleep(1); ticks++; }
    await pending;
    console.log(ticks > 20);`);
  ended(t, result, 0);
  t.is(result.stdout, "true\n");
});

test("calls finish in the order they were made", async (t) => {
  const result = await runChildScript(`${longWork}
    const order = [];
    await Promise.all([work().then(() => order.push("long")), ...[1, 2, 3].map((i) => short().then(() => order.push(i)))]);
    console.log(order.join());`);
  ended(t, result, 0);
  t.is(result.stdout, "long,1,2,3\n");
});

test("process.exit during work ends at once with its code", async (t) => {
  for (const delay of [0, 1, 20, 100]) {
    const result = await runChildScript(`${longWork}
      const begin = Date.now();
      for (let i = 0; i < 20; i++) void work();
      await sleep(${delay});
      process.on("exit", () => console.log("exit listener"));
      process.exit(3);`);
    ended(t, result, 3);
    t.is(result.stdout, "exit listener\n");
    t.is(result.stderr, "");
  }
});

test("an uncaught exception during work ends the process with code 1", async (t) => {
  const result = await runChildScript(`${longWork}
    for (let i = 0; i < 20; i++) void work();
    setTimeout(() => { throw new Error("on purpose"); }, 20);`);
  ended(t, result, 1);
  t.regex(result.stderr, /on purpose/);
});

test("a worker has a device thread of its own and gives the same labels", async (t) => {
  const result = await runChildScript(`${longWork}
    ${startWorker("parentPort.postMessage(await short());")}
    const labels = () => startWorker().then((worker) => worker.exited);
    console.log((await Promise.all([labels(), labels(), short()])).join());`);
  ended(t, result, 0);
  t.is(result.stdout, "0,0,0.5\n");
});

test("worker.terminate() during a call does not crash, again and again", async (t) => {
  const result = await runChildScript(`
    ${startWorker('const pending = work(); parentPort.postMessage("begun"); await pending; parentPort.postMessage("done");')}
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    let longest = 0;
    for (let i = 0; i < 12; i++) {
      const worker = await startWorker();
      await sleep(3 * i);
      const begin = performance.now();
      await worker.terminate();
      longest = Math.max(longest, performance.now() - begin);
    }
    console.log(longest < 1000 || longest);`);
  ended(t, result, 0);
  t.is(result.stdout, "true\n");
  t.is(result.stderr, "");
});

test("worker.terminate() while promises settle does not crash, again and again", async (t) => {
  const result = await runChildScript(`
    ${startWorker('short(); parentPort.postMessage("begun"); for (;;) await Promise.all([short(), short(), short()]);')}
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    for (let i = 0; i < 12; i++) {
      const worker = await startWorker();
      await sleep(i);
      await worker.terminate();
    }
    console.log("whole");`);
  ended(t, result, 0);
  t.is(result.stdout, "whole\n");
});

test("process.exit while a worker's device thread works ends with its code", async (t) => {
  const result = await runChildScript(`
    ${startWorker('void work(); void work(); parentPort.postMessage("begun");')}
    await startWorker();
    await startWorker();
    process.exit(7);`);
  ended(t, result, 7);
});

test("the addon works again after every worker that used it has gone", async (t) => {
  const result = await runChildScript(`
    ${startWorker('await short(); parentPort.postMessage("done");')}
    for (let i = 0; i < 3; i++) await (await startWorker()).exited;
    console.log((await loadAddon().logMeanExp(Float32Array.of(0, 1), Int32Array.of(0, 2), Float64Array.of(0)))[0]);`);
  ended(t, result, 0);
  t.is(result.stdout, "0.5\n");
});

test("two thousand calls at once all settle", async (t) => {
  const result = await runChildScript(`${longWork}
    const all = await Promise.all(Array.from({ length: 2000 }, short));
    console.log(all.every(([label]) => label === 0.5));`);
  ended(t, result, 0);
  t.is(result.stdout, "true\n");
});

/** For a script: `loadPolicy()`, of four threads, and `request(id, numCompletions)`. */
function decoding(directory: string): string {
  const openModelUrl = new URL("../../src/model/open-model.js", import.meta.url).href;
  return `
    const loadPolicy = async () => {
      const { openModel } = await import(${JSON.stringify(openModelUrl)});
      const { checkpoint } = await openModel(${JSON.stringify(directory)});
      const options = { weights: "f32", threads: 4, maxBatch: 32, kvMemoryBytes: 8 << 20, prefillChunk: 64 };
      return loadAddon().loadPolicy(checkpoint, options);
    };
    const one = (value) => Int32Array.of(value);
    const request = (id, numCompletions) => ({
      id, trunk: new Int32Array(60), prefixLengths: one(60), numCompletions: one(numCompletions), solutionIndices: one(0),
      stepIndices: one(0), firstCompletions: one(0), seed: 1n, problemKey: 1n, temperature: 1, topK: 0, topP: 1, minP: 0,
      maxTokens: 50, stopTokens: new Int32Array(0), stopBytes: new Uint8Array(0), stopBytesOffsets: one(0),
    });
  `;
}

/** Far more to roll out than a script will wait for. */
const startDecoding = "void (await loadPolicy()).rollout(request(1, 100000));";

/** The same, with somebody who listens to every token. */
const startListening =
  "let heard = 0; void (await loadPolicy()).rollout({ ...request(1, 100000), onTokens: ({ rows }) => { heard += rows.length; } });";

for (const [what, start] of [
  ["decoded", startDecoding],
  ["decoded and handed out", startListening],
] as const)
  test(`worker.terminate() while completions are ${what} does not crash, again and again`, async (t) => {
    const work = decoding(await writeTinyModel(t));
    const result = await runChildScript(`
    ${startWorker(`${work} ${start} parentPort.postMessage("begun"); await new Promise(() => setInterval(() => {}, 1000));`)}
    for (let i = 0; i < 8; i++) {
      const worker = await startWorker();
      await new Promise((resolve) => setTimeout(resolve, 5 * i));
      await worker.terminate();
    }
    console.log("whole");`);
    ended(t, result, 0);
    t.is(result.stdout, "whole\n");
    t.is(result.stderr, "");
  });

test("process.exit while completions are decoded, with a listener or without, ends with its code", async (t) => {
  const work = decoding(await writeTinyModel(t));
  for (const [start, delay] of [startDecoding, startListening].flatMap((one) => [0, 10, 50].map((ms) => [one, ms]))) {
    const result = await runChildScript(`${work}
      ${start}
      setTimeout(() => process.exit(5), ${delay});`);
    ended(t, result, 5);
    t.is(result.stderr, "");
  }
});

test("a policy that nobody holds is kept until its rollouts are done", async (t) => {
  const work = decoding(await writeTinyModel(t));
  const result = await runChildScript(
    `${work}
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc");
    const pending = loadPolicy().then((policy) => policy.rollout(request(1, 400)));
    const timer = setInterval(gc, 2);
    const { finishReasons, values } = await pending;
    clearInterval(timer);
    console.log(finishReasons.length, values.every((token) => token < ${vocabularySize}));`,
  );
  ended(t, result, 0);
  t.is(result.stdout, "400 true\n");
});
