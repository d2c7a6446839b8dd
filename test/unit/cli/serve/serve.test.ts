import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { namedModel } from "../../../../src/cli/serve/open-models.js";
import { ServiceClient } from "../../../../src/index.js";
import { makeFolder } from "../../../support/folder.js";
import { type RunningCli, runCli, startCli } from "../../../support/run-cli.js";
import { writeScoringModel } from "../../../support/tiny-reward-model.js";
import { writeTinyConfig } from "../../../support/tiny-scoring.js";
import { until } from "../../../support/until.js";

const solution = { question: "1 + 1?", steps: ["One and one.\n", "2"] };

async function writeModel(t: ExecutionContext): Promise<string> {
  const directory = await writeScoringModel(t, "llama-candidates");
  await writeTinyConfig(directory);
  return directory;
}

/** A server that is ready. */
async function startServe(
  t: ExecutionContext,
  args: readonly string[],
): Promise<{ running: RunningCli; port: number }> {
  const running = startCli(["serve", "--threads", "1", "--port", "0", "--json", ...args]);
  t.teardown(() => running.kill("SIGKILL"));
  let ended = false;
  running.result.then(() => {
    ended = true;
  });
  await until(() => ended || running.printed().includes("\n"));
  if (ended) t.fail((await running.result).stderr);
  const { port } = JSON.parse(running.printed());
  return { running, port };
}

/** A request whose body never ends. */
async function hang(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{");
  await once(socket, "connect");
  // What is answered after it was read after it.
  await fetch(`http://127.0.0.1:${port}/healthz`);
}

test("serve says in JSON where it is, answers, logs requests with their time to standard error, and ends with 0 when asked to", async (t) => {
  const { running, port } = await startServe(t, ["--reward-model", `small=${await writeModel(t)}`]);
  const told = JSON.parse(running.printed());
  t.deepEqual(told, {
    host: "127.0.0.1",
    port,
    url: `http://127.0.0.1:${port}`,
    models: [{ name: "small", kind: "reward-model" }],
  });
  const { stepScores } = await new ServiceClient({ url: told.url }).score(solution);
  t.is(stepScores.length, 2);
  running.kill("SIGTERM");
  const { code, stderr, stdout } = await running.result;
  t.is(code, 0, stderr);
  t.regex(stderr, /^20\d\d-\d\d-\d\dT[\d:.]+Z POST \/v1\/score 200 [\d.]+$/m);
  t.regex(stderr, /shutting down/);
  t.is(stdout.trim().split("\n").length, 1);
});

test("a second signal ends it at once with 130, the time to drain ends it with 0", async (t) => {
  const model = await writeModel(t);
  const patient = await startServe(t, ["--reward-model", model, "--quiet"]);
  await hang(patient.port);
  patient.running.kill("SIGTERM");
  const url = `http://127.0.0.1:${patient.port}/readyz`;
  while ((await fetch(url)).status !== 503);
  patient.running.kill("SIGINT");
  t.is((await patient.running.result).code, 130);

  const hasty = await startServe(t, ["--reward-model", model, "--drain-timeout", "0.1"]);
  await hang(hasty.port);
  hasty.running.kill("SIGINT");
  t.is((await hasty.running.result).code, 0);
});

test("what cannot be served is said before anything is listened on", async (t) => {
  const model = await writeModel(t);
  const folder = makeFolder(t, { "short.txt": "hunter2\n", "keys.txt": "the-key-of-the-lab-0123456789\n" });
  const busy = createServer().listen(0, "127.0.0.1");
  await once(busy, "listening");
  t.teardown(() => busy.close());
  const taken = String((busy.address() as AddressInfo).port);
  const refused: [string[], number, RegExp][] = [
    [[], 2, /Expected --reward-model or --policy to be given/],
    [["--reward-model", "/nowhere"], 2, /nowhere/],
    [["--reward-model", model, "--reward-model", model], 2, /names of models to be unique/],
    [["--reward-model", model, "--host", "0.0.0.0", "--port", "0"], 2, /API key for 0\.0\.0\.0/],
    [["--reward-model", model, "--api-key-file", join(folder, "short.txt")], 2, /short\.txt:1 Expected an API key/],
    [["--reward-model", model, "--api-key-file", join(folder, "none.txt")], 2, /none\.txt/],
    [["--reward-model", model, "--port", taken], 3, /Expected to listen on 127\.0\.0\.1:\d+/],
    [["--reward-model", model, "--max-body", "lots"], 2, /--max-body/],
  ];
  for (const [args, expected, message] of refused) {
    const { code, stderr, stdout } = await runCli(["serve", "--threads", "1", ...args]);
    t.deepEqual([code, stdout], [expected, ""], stderr);
    t.regex(stderr, message);
    t.notRegex(stderr, /hunter2/);
  }
});

test("a key of the file or the environment opens the service, and is in no log", async (t) => {
  const key = "the-key-of-the-lab-0123456789";
  const folder = makeFolder(t, { "keys.txt": `${key}\n` });
  const { running, port } = await startServe(t, [
    ...["--reward-model", await writeModel(t), "--api-key-file", join(folder, "keys.txt"), "--host", "0.0.0.0"],
  ]);
  const url = `http://127.0.0.1:${port}`;
  const refused = await t.throwsAsync(new ServiceClient({ url }).score(solution));
  t.regex(refused?.message ?? "", /API key/);
  t.is((await new ServiceClient({ url, apiKey: key }).score(solution)).stepScores.length, 2);
  running.kill("SIGTERM");
  const { code, stderr, stdout } = await running.result;
  t.is(code, 0, stderr);
  t.false((stderr + stdout).includes(key));
});

test("a model is called by the name it is given, else by the last part of its path", (t) => {
  t.deepEqual(namedModel("small=runs/prm"), { name: "small", model: "runs/prm" });
  t.deepEqual(namedModel("runs/prm"), { name: "prm", model: "runs/prm" });
  t.deepEqual(namedModel("/models/Qwen2.5-Math-PRM-7B/"), {
    name: "Qwen2.5-Math-PRM-7B",
    model: "/models/Qwen2.5-Math-PRM-7B/",
  });
  t.deepEqual(namedModel("builtin:tiny"), { name: "builtin:tiny", model: "builtin:tiny" });
  t.deepEqual(namedModel("./a=b/prm"), { name: "prm", model: "./a=b/prm" });
});
