import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import test from "ava";
import { type RunningService, startService } from "../../support/running-service.js";

const solution = { question: "1 + 1?", steps: ["One and one.\n", "2"] };

/** Status and body of a request that is sent as these bytes. */
async function sendRaw({ port }: RunningService, body: Iterable<Buffer>, headers: Record<string, string> = {}) {
  const sending = request({
    port,
    method: "POST",
    path: "/v1/score",
    headers: { "content-type": "application/json", ...headers },
    // Not for anybody else: the body may be shorter than it says.
    agent: false,
  });
  sending.on("error", () => {});
  const answered = once(sending, "response");
  let isAnswered = false;
  answered.then(() => {
    isAnswered = true;
  });
  const drained = () => new Promise((resolve) => sending.once("drain", resolve));
  for (const chunk of body) {
    if (isAnswered || sending.destroyed) break;
    if (!sending.write(chunk)) await Promise.race([drained(), answered]);
  }
  sending.end();
  const [response] = await answered;
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return { status: response.statusCode as number, error: JSON.parse(text).error };
}

function* repeated(text: string, times: number): Generator<Buffer> {
  const chunk = Buffer.from(text);
  for (let i = 0; i < times; i += 1) yield chunk;
}

async function stillAnswers(t: import("ava").ExecutionContext, service: RunningService): Promise<void> {
  t.is((await service.post("/v1/score", solution)).status, 200, "the server goes on");
}

test("a body that says it is too long is refused before it is sent, one that does not while it is", async (t) => {
  const service = await startService(t, { limits: { maxBodyBytes: 100_000 } });
  const said = await sendRaw(service, [Buffer.from("{")], { "content-length": String(2 ** 30) });
  t.deepEqual([said.status, said.error.code], [413, "ERPRM_INVALID_ARGUMENT"]);
  t.regex(said.error.message, /at most 100000 bytes/);
  // With "Connection: close", as this client sends it, the answer must not be lost with the connection either.
  for (let i = 0; i < 5; i += 1) {
    const sent = repeated("x".repeat(2 ** 20), 100);
    t.is((await sendRaw(service, sent, { "content-length": String(100 * 2 ** 20) })).status, 413);
  }
  const chunked = await sendRaw(service, repeated("x".repeat(65_536), 100));
  t.is(chunked.status, 413);
  await stillAnswers(t, service);
});

test("deep nesting, a million empty steps, no UTF-8, no JSON: each has its answer", async (t) => {
  const service = await startService(t);
  const depth = 2_000_000;
  const deep = await sendRaw(service, [Buffer.from(`${"[".repeat(depth)}${"]".repeat(depth)}`)]);
  t.deepEqual([deep.status, deep.error.message], [400, "Expected JSON of at most 64 levels"]);
  const inside = `{"question":"x","steps":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  const deepInside = await sendRaw(service, [Buffer.from(inside)]);
  t.is(deepInside.status, 400);
  const shallow = await sendRaw(service, [
    Buffer.from(`{"question":"x","steps":${"[".repeat(1000)}${"]".repeat(1000)}}`),
  ]);
  t.deepEqual([shallow.status, shallow.error.param], [422, "steps[0]"]);
  const empty = JSON.stringify({ question: "x", steps: Array(1_000_000).fill("") });
  const steps = await sendRaw(service, [Buffer.from(empty)]);
  t.deepEqual([steps.status, steps.error.param], [422, "steps"]);
  const bytes = await sendRaw(service, [Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])]);
  t.deepEqual([bytes.status, bytes.error.message], [400, "Expected UTF-8, received bytes that are not"]);
  for (const text of ["", "NaN", '{"question":"x","steps":[NaN]}', "\uFEFF{}", "{'a':1}"]) {
    t.is((await sendRaw(service, [Buffer.from(text)])).status, 400, text);
  }
  const surrogate = await sendRaw(service, [Buffer.from('{"question":"\\ud800","steps":["\\udfff\\n"]}')]).catch(
    () => null,
  );
  t.truthy(surrogate, "half a character in an escape is read as the tokenizer reads it, or refused");
  const proto = '{"__proto__":{"polluted":1},"question":"x","steps":["a"],"constructor":{"prototype":{"polluted":1}}}';
  t.is((await service.post("/v1/score", proto)).status, 200);
  t.is(({} as { polluted?: number }).polluted, undefined);
  await stillAnswers(t, service);
});

test("what is no JSON by its type, or is compressed, is refused", async (t) => {
  const service = await startService(t);
  for (const headers of [
    { "content-type": "text/plain" },
    { "content-type": "application/json", "content-encoding": "gzip" },
  ]) {
    const { status, body } = await service.post("/v1/score", solution, { headers: headers as never });
    t.is(status, 415);
    t.regex((body as { error: { code: string } }).error.code, /^ERPRM_/);
  }
  const missing = await fetch(`${service.url}/v1/score`, { method: "POST" });
  t.is(missing.status, 422);
});

test("a body of a type that its route does not take is answered 415 with the types that it takes and the one that came", async (t) => {
  const service = await startService(t);
  const refusal = async (path: string, type: string | undefined) => {
    const body = Buffer.from(JSON.stringify(solution));
    const headers = type === undefined ? {} : { "content-type": type };
    const response = await fetch(`${service.url}${path}`, { method: "POST", body, headers });
    t.is(response.status, 415);
    return ((await response.json()) as { error: { message: string } }).error.message;
  };
  const either = "Expected a body of type application/json or application/x-ndjson";
  t.is(await refusal("/v1/score", undefined), `${either}, received one without content-type`);
  t.is(await refusal("/v1/score", "text/plain"), `${either}, received text/plain`);
  t.true((await refusal("/v1/score", `text/${"x".repeat(1000)}`)).length < 200);
  for (const path of ["/v1/grade", "/pooling", "/classify", "/v1/completions"]) {
    const lines = await refusal(path, "application/x-ndjson");
    t.is(lines, "Expected a body of type application/json, received application/x-ndjson", path);
  }
  await stillAnswers(t, service);
});

test("a client that is slow to send its body is answered 408 and dropped", async (t) => {
  const service = await startService(t, { limits: { clientTimeoutSeconds: 0.3 } });
  const socket = connect(service.port, "127.0.0.1");
  socket.write("POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{");
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  await once(socket, "close");
  t.regex(text, /^HTTP\/1\.1 408 /);
  await stillAnswers(t, service);
});

test("what is no HTTP is answered 400 and dropped", async (t) => {
  const service = await startService(t);
  const socket = connect(service.port, "127.0.0.1");
  socket.write("\x16\x03\x01 this is no HTTP\r\n\r\n");
  const [answer] = await once(socket.setEncoding("utf8"), "data");
  t.regex(answer, /^HTTP\/1\.1 400 [\s\S]*"code":"ERPRM_INVALID_ARGUMENT"/);
  socket.destroy();
  const path = await fetch(`${service.url}/%c0`);
  const { error } = (await path.json()) as { error: { code: string } };
  t.deepEqual([path.status, error.code], [400, "ERPRM_INVALID_ARGUMENT"]);
  await stillAnswers(t, service);
});

test("a client that breaks off its body in the middle leaves nothing behind", async (t) => {
  const service = await startService(t);
  for (const type of ["application/json", "application/x-ndjson"]) {
    const sending = request({
      port: service.port,
      method: "POST",
      path: "/v1/score",
      headers: { "content-type": type, "content-length": "1000" },
    });
    sending.on("error", () => {});
    sending.write(`${JSON.stringify(solution)}\n`);
    await new Promise((resolve) => setImmediate(resolve));
    const closed = new Promise((resolve) => sending.once("close", resolve));
    sending.destroy();
    await closed;
  }
  await stillAnswers(t, service);
  t.notRegex(service.lines.join("\n"), / 500 /);
});

test("more connections than allowed are closed, and the others are served", async (t) => {
  const service = await startService(t, { limits: { maxConnections: 5 } });
  const sockets = Array.from({ length: 5 }, () => connect(service.port, "127.0.0.1"));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const [first] = sockets;
  first?.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  const [answer] = await once(first?.setEncoding("utf8") as NonNullable<typeof first>, "data");
  t.regex(answer, /200 OK/);
  const beyond = connect(service.port, "127.0.0.1");
  beyond.on("error", () => {});
  await once(beyond, "close");
  for (const socket of sockets) socket.destroy();
});
