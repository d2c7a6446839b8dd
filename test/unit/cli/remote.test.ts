import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type CompletionServerOptions, type Fault, startCompletionServer } from "../../support/completion-server.js";
import { makeFolder } from "../../support/folder.js";
import { runCli, startCli } from "../../support/run-cli.js";
import { until } from "../../support/until.js";

const problems = Array.from({ length: 6 }, (_, i) =>
  JSON.stringify({ id: `p${i}`, question: `What is ${i} + ${4 - i}?`, answer: "4" }),
).join("\n");

const noKeys = { OPENAI_API_KEY: "", ERPRM_OPENAI_API_KEY: "" };

async function labelRun(t: ExecutionContext, options: CompletionServerOptions = {}) {
  const server = await startCompletionServer(t, options);
  const folder = makeFolder(t, { "p.jsonl": problems });
  const args = (name: string, ...more: string[]) => [
    "label",
    ...["--policy", server.policy, "--problems", join(folder, "p.jsonl"), "--out", join(folder, name)],
    ...["--num-solutions", "3", "--num-completions", "4", "--keep-completions", "--concurrency", "4", ...more],
  ];
  const file = (name: string, file: string) => {
    const path = join(folder, name, file);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const records = (name: string) =>
    ["solutions.jsonl", "labels.jsonl", "completions.jsonl"].map((one) => file(name, one));
  return { server, folder, args, file, records };
}

/** A fault for every fifth request, and for none twice. */
function someFaults(): (body: unknown) => Fault | undefined {
  const kinds: Fault[] = [{ kind: "cut" }, { kind: "drop" }, { kind: "status", status: 500 }, { kind: "garbage" }];
  const seen = new Set<string>();
  let next = 0;
  return (body) => {
    const key = JSON.stringify(body);
    if (seen.has(key)) return undefined;
    seen.add(key);
    next += 1;
    return next % 5 === 0 ? kinds[(next / 5) % kinds.length] : undefined;
  };
}

test("a run through a faulty server, killed and resumed, repeats and tears no record, and has the bytes of a good one", async (t) => {
  let faulty = false;
  const faultOf = someFaults();
  const { args, records, server } = await labelRun(t, {
    faultOf: (_number, body) => (faulty ? faultOf(body) : undefined),
  });
  const whole = await runCli(args("whole"), { env: noKeys });
  t.is(whole.code, 0, whole.stderr);
  const expected = records("whole");
  t.is(expected[0]?.split("\n").length, 19);

  faulty = true;
  let kills = 0;
  for (const share of [0.2, 0.5, 0.8]) {
    const numBefore = server.requests.length;
    const running = startCli(args("killed"), { env: noKeys });
    let ended = false;
    const result = running.result.finally(() => {
      ended = true;
    });
    await until(() => ended || server.requests.length - numBefore > 6 + 30 * share);
    running.kill("SIGKILL");
    if ((await result).code === null) kills += 1;
    for (const [i, text] of records("killed").entries()) {
      const lines = text.split("\n").slice(0, -1);
      t.true(
        lines.every((line, at) => line === expected[i]?.split("\n")[at]),
        `after ${share}`,
      );
    }
  }
  t.true(kills > 0);
  const end = await runCli(args("killed"), { env: noKeys });
  t.is(end.code, 0, end.stderr);
  t.deepEqual(records("killed"), expected);
});

test("a server that breaks down ends the run with exit 3 and what it said; the same command goes on", async (t) => {
  let broken = false;
  const status = { kind: "status", status: 503, body: '{"error": {"message": "no GPU is left"}}' } as const;
  const { args, records, server } = await labelRun(t, {
    faultOf: (number) => (broken && number > 20 ? status : undefined),
  });
  await runCli(args("whole"), { env: noKeys });
  const numWhole = server.requests.length;
  broken = true;
  server.requests.length = 0;
  const failed = await runCli(args("broken", "--retries", "1"), { env: noKeys });
  t.is(failed.code, 3, failed.stderr);
  t.regex(failed.stderr, /asked for it 2 times, received at last: 503: no GPU is left; what was finished is kept/);
  t.true(records("broken")[0] !== "");
  broken = false;
  server.requests.length = 0;
  const resumed = await runCli(args("broken", "--retries", "1"), { env: noKeys });
  t.is(resumed.code, 0, resumed.stderr);
  t.deepEqual(records("broken"), records("whole"));
  t.true(server.requests.length < numWhole, "what was finished is not asked for again");
});

test("the run is that of the model, not of its address; no file and no line holds the key", async (t) => {
  const key = "sk-not-for-files";
  const { args, file, folder, server } = await labelRun(t);
  const env = { ...noKeys, OPENAI_API_KEY: "another", ERPRM_OPENAI_API_KEY: key };
  const first = await runCli(args("run", "--price-input", "1", "--price-output", "2", "--json"), { env });
  t.is(first.code, 0, first.stderr);
  t.true(server.headers.every(({ authorization }) => authorization === `Bearer ${key}`));
  const manifest = JSON.parse(file("run", "manifest.json"));
  t.deepEqual(manifest.models, { policy: "openai:m" });
  t.deepEqual(manifest.options.server, { prompts: "texts", completions: "texts" });
  t.false("device" in manifest.options);
  t.like(manifest.freeOptions, { policy: server.policy, concurrency: 4 });
  const summary = JSON.parse(first.stdout.trim().split("\n").at(-1) ?? "");
  const { requests, retries, promptTokens, sampledTokens, cost } = summary.counts;
  t.is(retries, 0);
  t.true(requests > 6);
  t.is(cost, (promptTokens + 2 * sampledTokens) / 1e6);
  t.false([first.stdout, first.stderr, file("run", "manifest.json")].join("").includes(key));

  // The same model elsewhere, under the key of a file.
  const other = await startCompletionServer(t);
  const keyFile = join(makeFolder(t, { key: `${key}\n` }), "key");
  const elsewhere = args("run").map((arg) => (arg === server.policy ? other.policy : arg));
  const again = await runCli([...elsewhere, "--api-key-file", keyFile], { env: noKeys });
  t.is(again.code, 0, again.stderr);
  t.regex(again.stdout, /complete already/);
  t.true(other.headers.every(({ authorization }) => authorization === `Bearer ${key}`));
  const another = await startCompletionServer(t, { model: "n" });
  const refused = await runCli(
    args("run").map((arg) => (arg === server.policy ? another.policy : arg)),
    { env: noKeys },
  );
  t.is(refused.code, 4);
  t.regex(refused.stderr, /model policy was "openai:m" and is now "openai:n"/);
  const missing = await runCli(args("x", "--api-key-file", join(folder, "none")), { env: noKeys });
  t.is(missing.code, 2);
});

test("flags of the other kind of policy are refused by name", async (t) => {
  const folder = makeFolder(t, { "p.jsonl": problems });
  const run = (...args: string[]) =>
    runCli(["rollout", "--problems", join(folder, "p.jsonl"), "--out", join(folder, "out"), ...args]);
  const remote = await run("--policy", "openai:http://127.0.0.1:9/v1#m", "--threads", "2");
  t.is(remote.code, 2);
  t.regex(remote.stderr, /Expected no --threads with --policy openai:/);
  const local = await run("--policy", "builtin:tiny", "--concurrency", "2");
  t.is(local.code, 2);
  t.regex(local.stderr, /Expected no --concurrency without --policy openai:/);
  const queued = await runCli([
    ...["label", "--problems", join(folder, "p.jsonl"), "--out", join(folder, "out")],
    ...["--policy", "openai:http://127.0.0.1:9/v1#m", "--queue", "nats://127.0.0.1:9"],
  ]);
  t.is(queued.code, 2);
  t.regex(queued.stderr, /with --queue, received openai:/);
  const form = await run("--policy", "openai:http://127.0.0.1:9/v1");
  t.is(form.code, 2);
  t.regex(form.stderr, /openai:URL#MODEL/);
});

test("the summary tells how often servers were asked", async (t) => {
  const { args, server } = await labelRun(t);
  const { code, stdout } = await runCli(args("run"), { env: noKeys });
  t.is(code, 0);
  t.regex(stdout, new RegExp(`requests +${server.requests.length - 2}, 0 of them repeated, [\\d,]+ prompt tokens`));
});

test("a user or password in the URL ends the command before anything is written, and is not shown", async (t) => {
  const { args, folder, server } = await labelRun(t);
  const withSecret = server.policy.replace("http://", "http://me:hunter2@");
  const refused = await runCli(
    args("run", "--json").map((arg) => (arg === server.policy ? withSecret : arg)),
    { env: noKeys },
  );
  t.is(refused.code, 2);
  t.notRegex(refused.stdout + refused.stderr, /hunter2|me:/);
  t.false(existsSync(join(folder, "run")));
  t.is(server.requests.length, 0);
});

test("a key does not leave for another machine over plain HTTP unless it is told to", async (t) => {
  const { args, folder, server } = await labelRun(t);
  // Of a block that is nobody's: nothing may be sent there.
  const elsewhere = args("run", "--retries", "0").map((arg) =>
    arg === server.policy ? "openai:http://192.0.2.1:9/v1#m" : arg,
  );
  const refused = await runCli(elsewhere, { env: { ...noKeys, ERPRM_OPENAI_API_KEY: "tell-nobody" } });
  t.is(refused.code, 2);
  t.regex(refused.stderr, /received http:\/\/192\.0\.2\.1:9\/v1.*--api-key-over-http/);
  t.false(existsSync(join(folder, "run")));
});
