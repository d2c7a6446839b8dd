import { once } from "node:events";
import { connect } from "node:net";
import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { ApiKeys } from "../../../src/service/api-keys.js";
import { loadedModel, ModelRegistry, type ServedRewardModel } from "../../../src/service/models.js";
import { holdPasses, makeFakeRewardModel } from "../../support/fake-reward-model.js";
import { startService } from "../../support/running-service.js";
import { until } from "../../support/until.js";

const solution = { question: "a secret question", steps: ["a secret step\n", "2"] };
const key = "the-key-of-the-lab-0123456789";

test("health and readiness, models, metrics and the OpenAPI document are there", async (t) => {
  const { url, post } = await startService(t);
  t.is((await post("/v1/score", solution)).status, 200);
  t.deepEqual(await (await fetch(`${url}/healthz`)).json(), { status: "ok" });
  t.deepEqual(await (await fetch(`${url}/readyz`)).json(), { status: "ready" });
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: Record<string, unknown>[] };
  t.like(data[0], { id: "prm", object: "model", kind: "reward-model", stepTag: "*", max_model_len: 4096 });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  t.regex(metrics, /^erprm_http_requests_total\{method="POST",route="\/v1\/score",status="200"\} 1$/m);
  t.regex(metrics, /^erprm_batch_solutions_sum\{model="prm"\} 1$/m);
  t.regex(metrics, /^erprm_queue_tokens\{model="prm"\} 0$/m);
  const { openapi, paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { openapi: string; paths: object };
  t.is(openapi, "3.1.0");
  for (const path of ["/v1/score", "/v1/grade", "/v1/completions", "/v1/models", "/pooling", "/classify", "/readyz"]) {
    t.true(path in paths, path);
  }
});

test("with keys nothing but health and readiness is told to those who have none", async (t) => {
  const keys = new ApiKeys().add(`${key}\nanother-key-0123456789`, "keys");
  const { url, lines } = await startService(t, { keys });
  const get = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(`${url}${path}`, { headers })).status;
  for (const path of ["/healthz", "/readyz"]) t.is(await get(path), 200);
  for (const path of ["/v1/models", "/metrics", "/openapi.json", "/nothing"]) t.is(await get(path), 401, path);
  t.is(await get("/v1/models", { authorization: `Bearer ${key}x` }), 401);
  t.is(await get("/v1/models", { authorization: key }), 401);
  t.is(await get("/v1/models", { authorization: `Bearer ${key}` }), 200);
  t.is(await get("/v1/models", { authorization: "bearer another-key-0123456789" }), 200);
  const refused = await fetch(`${url}/v1/score`, { method: "POST", body: "{}" });
  t.deepEqual([refused.status, refused.headers.get("www-authenticate")], [401, "Bearer"]);
  t.notRegex(lines.join("\n"), new RegExp(key));
});

test("the OpenAPI document says that a key is wanted where one is, of health and readiness that none is", async (t) => {
  const authorization = `Bearer ${key}`;
  const documentOf = async (keys: ApiKeys | undefined) => {
    const { url } = await startService(t, { keys });
    return (await (await fetch(`${url}/openapi.json`, { headers: { authorization } })).json()) as never;
  };
  const open = await documentOf(undefined);
  t.is((open as { security?: unknown }).security, undefined);
  const { security, components, paths } = (await documentOf(new ApiKeys().add(key, "keys"))) as {
    security: unknown;
    components: { securitySchemes: unknown };
    paths: Record<string, Record<string, { security?: unknown }>>;
  };
  t.deepEqual(security, [{ key: [] }]);
  t.deepEqual(components.securitySchemes, { key: { type: "http", scheme: "bearer" } });
  const unasked = Object.entries(paths).filter(([, { get }]) => get?.security !== undefined);
  t.deepEqual(
    unasked.map(([path, { get }]) => [path, get?.security]),
    [
      ["/healthz", []],
      ["/readyz", []],
    ],
  );
});

test("a path that no route has is named with its method, and a method that its route does not take with those it does", async (t) => {
  const { url } = await startService(t);
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, init);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return { status: response.status, allow: response.headers.get("allow"), ...error };
  };
  const unknown = await ask("/v1/scores?question=secret", { method: "POST", body: "no JSON" });
  t.like(unknown, { status: 404, code: "ERPRM_INVALID_ARGUMENT", allow: null });
  t.regex(unknown.message, /received POST \/v1\/scores$/);
  const long = await ask(`/${"a".repeat(1000)}`);
  t.true(long.message.length < 250);
  const got = await ask("/v1/score");
  t.like(got, { status: 405, allow: "POST", message: "Expected POST for /v1/score, received GET" });
  const posted = await ask("/v1/models?x=1", { method: "POST", body: "{}" });
  t.like(posted, { status: 405, allow: "GET, HEAD", message: "Expected GET or HEAD for /v1/models, received POST" });
  t.is((await fetch(`${url}/v1/models`, { method: "HEAD" })).status, 200);
});

test("an address that other machines reach is not listened on without a key", async (t) => {
  const { service } = await startService(t);
  const error = await t.throwsAsync<ErprmError>(service.listen({ host: "0.0.0.0", port: 0 }));
  t.is(error.code, "ERPRM_INVALID_ARGUMENT");
  t.regex(error.message, /API key for 0\.0\.0\.0/);
  const taken = await startService(t);
  const other = await startService(t, { keys: new ApiKeys().add(key, "keys"), host: "0.0.0.0" });
  t.is((await fetch(`http://127.0.0.1:${other.port}/healthz`)).status, 200);
  t.truthy(taken.port);
});

test("the log has method, path, status and milliseconds of every request, and no text of any", async (t) => {
  const { post, lines, url } = await startService(t);
  await post("/v1/score?token=secret", solution);
  await post("/v1/score", { ...solution, steps: [""] });
  await post("/v1/score", '{"question": "secret", "steps": [');
  await post("/v1/grade", { answer: "secret", solution: "secret" });
  await fetch(`${url}/${"long-secret".repeat(50)}`);
  await until(() => lines.length === 5);
  t.deepEqual(
    lines.slice(0, 4).map((line) => line.replace(/ [\d.]+$/, " MS")),
    ["POST /v1/score 200 MS", "POST /v1/score 422 MS", "POST /v1/score 400 MS", "POST /v1/grade 200 MS"],
  );
  t.true((lines[4] as string).length < 130);
  t.notRegex(lines.slice(0, 4).join("\n"), /secret/);
});

test("draining: readiness goes false, new work is refused, what was begun is finished, then the port is free", async (t) => {
  const { post, service, url, native } = await startService(t);
  const letGo = holdPasses(native);
  const running = post("/v1/score", { items: Array(10).fill(solution) });
  await until(() => native.calls.length > 0);
  const drained = service.drain(60);
  const ready = await fetch(`${url}/readyz`);
  t.deepEqual([ready.status, await ready.json()], [503, { status: "draining" }]);
  const refused = await post("/v1/score", solution);
  t.deepEqual(
    [refused.status, refused.headers.get("retry-after"), refused.headers.get("connection")],
    [503, "1", "close"],
  );
  letGo();
  t.is((await running).status, 200);
  await drained;
  await t.throwsAsync(fetch(`${url}/healthz`));
});

test("connections on which nobody asked anything, or not to the end, hold up no shutdown", async (t) => {
  const { service, port, url } = await startService(t);
  const closed = ["", "GET /healthz HTTP/1.1\r\nhost: x\r\n"].map(async (sent) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(sent);
    return once(socket, "close");
  });
  // What is answered after they were sent was read after them.
  await fetch(`${url}/healthz`);
  await service.drain(3600);
  await Promise.all(closed);
  await t.throwsAsync(fetch(`${url}/healthz`));
});

test("a client that was refused while it sends reads its answer, though the service shuts down meanwhile", async (t) => {
  const { service, port } = await startService(t, { limits: { maxBodyBytes: 100_000 } });
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const head =
    "POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n{";
  socket.write(head);
  await until(() => text.includes("\r\n\r\n"));
  const drained = service.drain(3600);
  socket.write(" ".repeat(199_999));
  await until(() => text.endsWith("}}"));
  await drained;
  t.regex(text, /^HTTP\/1\.1 413 /);
});

test("work that outlasts the time to drain is aborted with 503, and the service ends", async (t) => {
  const { post, service, native } = await startService(t, {
    fake: { delayMs: 100 },
    batching: { tokensPerBatch: 1 },
  });
  const running = post("/v1/score", { items: Array(500).fill(solution) });
  await until(() => native.calls.length > 0);
  await service.drain(0.1);
  t.is((await running).status, 503);
  t.true(native.calls.length < 100);
});

test("a stream takes no more lines once the service drains: those it has are answered, the last line says why", async (t) => {
  const { service, port } = await startService(t);
  const { request } = await import("node:http");
  const headers = { "content-type": "application/x-ndjson" };
  const sending = request({ port, method: "POST", path: "/v1/score", headers });
  sending.on("error", () => {});
  sending.write(`${JSON.stringify(solution)}\n`);
  const [response] = await once(sending, "response");
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const ended = once(response, "end");
  await until(() => text.endsWith("\n"));
  const drained = service.drain(60);
  await ended;
  const [first, last, ...more] = text.trim().split("\n");
  t.deepEqual(more, []);
  t.is(JSON.parse(first as string).stepScores.length, 2);
  const { error, line } = JSON.parse(last as string);
  t.deepEqual([error.code, line], ["ERPRM_BUSY", undefined]);
  await drained;
});

test("a stream that the time to drain cuts off says so in its last line, which is about none", async (t) => {
  const { service, url, native } = await startService(t);
  holdPasses(native);
  const body = `${JSON.stringify(solution)}\n`.repeat(1000);
  const headers = { "content-type": "application/x-ndjson" };
  const answered = fetch(`${url}/v1/score`, { method: "POST", headers, body }).then((response) => response.text());
  await until(() => native.calls.length > 0);
  await service.drain(0.1);
  const got = (await answered)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.true(got.length > 1 && got.length < 1000, `${got.length} lines`);
  t.true(got.every(({ error }) => error.code === "ERPRM_ABORTED" || error.code === "ERPRM_BUSY"));
  t.deepEqual(
    got.map(({ line }) => line),
    [...Array.from({ length: got.length - 1 }, (_, i) => i + 1), undefined],
  );
});

test("readiness waits for the models, and so does what asks for them", async (t) => {
  const { rewardModel } = await makeFakeRewardModel();
  let isLoaded = false;
  let load = () => {};
  const loading = new Promise<void>((resolve) => {
    load = () => {
      isLoaded = true;
      resolve();
    };
  });
  const slow: ServedRewardModel = {
    kind: "reward-model",
    ...loadedModel("slow", rewardModel),
    ready: () => isLoaded,
    use: async (work) => {
      await loading;
      return work(rewardModel);
    },
  };
  const models = new ModelRegistry();
  models.add(slow);
  const { url, post } = await startService(t, { models });
  const ready = await fetch(`${url}/readyz`);
  t.deepEqual([ready.status, await ready.json()], [503, { status: "loading" }]);
  t.is((await fetch(`${url}/healthz`)).status, 200);
  const waiting = post("/v1/score", { ...solution, model: "slow" });
  load();
  t.is((await waiting).status, 200);
  t.is((await fetch(`${url}/readyz`)).status, 200);
});

test("a name stands for one model, and is needed where there are two of a kind", async (t) => {
  const { rewardModel } = await makeFakeRewardModel();
  const models = new ModelRegistry();
  const another = loadedModel("another", rewardModel);
  models.add({ kind: "reward-model", ...another });
  t.throws(() => models.add({ kind: "reward-model", ...another }), { instanceOf: ErprmError, message: /twice/ });
  const { post } = await startService(t, { models });
  const { status, body } = await post("/v1/score", solution);
  t.is(status, 404);
  t.regex((body as { error: { message: string } }).error.message, /\(another, prm\), received none/);
});

test("a connection that stands still is dropped, one that waits for its answer is not", async (t) => {
  const { port, post } = await startService(t, {
    limits: { clientTimeoutSeconds: 0.2 },
    fake: { delayMs: 600 },
  });
  const silent = connect(port, "127.0.0.1");
  const closed = once(silent, "close");
  silent.resume();
  t.is((await post("/v1/score", solution)).status, 200);
  await closed;
});
