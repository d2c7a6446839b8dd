/** What serves others, on the accelerator in f32: a server, and a worker of a queue. */
import { existsSync, statSync } from "node:fs";
import anyTest, { type TestFn } from "ava";
import { ServiceClient } from "../../src/index.js";
import { deviceStudy, onDevice } from "../support/device-run.js";
import { collect } from "../support/fake-policy.js";
import { natsServerPath, startNatsServer, withoutNatsServer } from "../support/nats-server.js";
import { near, sameRecords } from "../support/near.js";
import { runCli, startCli } from "../support/run-cli.js";
import { complete } from "../support/serve-completions.js";
import { loadTinyPolicy } from "../support/tiny-policy.js";
import { loadTinyRewardModel, tinySolutions } from "../support/tiny-scoring.js";
import { until } from "../support/until.js";

const test = anyTest.serial as TestFn;

test("a server scores and completes as the library does on the processor", async (t) => {
  const { policy, prm } = await deviceStudy(t, 1);
  const models = ["--policy", `tiny=${policy}`, "--reward-model", `prm=${prm}`, "--threads", "1"];
  const running = startCli(["serve", ...models, ...onDevice, "--port", "0", "--json"]);
  t.teardown(() => running.kill("SIGKILL"));
  const { url } = JSON.parse(await running.prints("\n")) as { url: string };
  const some = tinySolutions.slice(0, 4);
  const scores = await new ServiceClient({ url, model: "prm" }).scoreMany(some);
  const expected = await (await loadTinyRewardModel(t, prm)).scoreSteps(some);
  t.true(
    near(
      scores.map(({ stepScores }) => stepScores),
      expected,
    ),
  );

  const prompt = "Q: 1 + 1?\nA:";
  const sampling = { max_tokens: 12, temperature: 0.8, seed: 3, n: 2 };
  const { choices } = await complete(url, { model: "tiny", prompt, ...sampling });
  const own = await loadTinyPolicy(t, policy);
  const options = { temperature: 0.8, maxTokens: 12, seed: 3, numCompletions: 2 };
  const rollouts = await collect(own.rollout([prompt], options));
  t.deepEqual(
    choices.map(({ text }) => text),
    rollouts.map(({ text }) => text),
  );
  running.kill("SIGTERM");
  t.is((await running.result).code, 0);
});

const queueTest = natsServerPath === undefined ? (anyTest.skip as TestFn) : test;
if (natsServerPath === undefined) test(`a worker is not tested: ${withoutNatsServer}`, (t) => t.pass());

queueTest("workers of a queue, one of them killed, give the records of one process on the processor", async (t) => {
  const { policy, sampling, path } = await deviceStudy(t, 4);
  const { url } = await startNatsServer(t);
  const lengths = ["--num-solutions", "2", "--max-tokens", "24"];
  const completions = ["--num-completions", "2", "--completion-max-tokens", "10", "--keep-completions"];
  const label = ["label", ...sampling, ...lengths, ...completions];
  t.is((await runCli([...label, "--out", path("plain")])).code, 0);
  // Where a worker computes is what the run says.
  const worker = () => startCli(["worker", "--queue", url, "--policy", policy, "--threads", "1", "--in-flight", "1"]);
  const killed = worker();
  const writer = startCli([...label, ...onDevice, "--out", path("queued"), "--queue", url, "--ack-wait", "1"]);
  t.teardown(() => writer.kill("SIGKILL"));
  const labels = path("queued", "labels.jsonl");
  await until(() => existsSync(labels) && statSync(labels).size > 0);
  killed.kill("SIGKILL");
  const other = worker();
  t.teardown(() => other.kill("SIGKILL"));
  const { code, stderr } = await writer.result;
  t.is(code, 0, stderr);
  for (const name of ["solutions.jsonl", "labels.jsonl", "completions.jsonl"]) {
    sameRecords(t, path("queued", name), path("plain", name));
  }
  t.is((await other.result).code, 0);
});
