import { once } from "node:events";
import { request } from "node:http";
import test from "ava";
import { parseScoreRecord } from "../../../src/data/read-solutions.js";
import { aggregate, aggregates } from "../../../src/data/selection.js";
import { ErprmError } from "../../../src/errors.js";
import { holdPasses } from "../../support/fake-reward-model.js";
import { startService } from "../../support/running-service.js";
import { tinySolutions } from "../../support/tiny-scoring.js";
import { until } from "../../support/until.js";

const solution = { question: "1 + 1?", steps: ["One and one.\n", "2"] };
const ndjson = { "content-type": "application/x-ndjson" };
const lines = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

test("scores over the wire are those of the model in process, with all four aggregates", async (t) => {
  const { post, rewardModel } = await startService(t);
  const [expected = []] = await rewardModel.scoreSteps([solution]);
  const { status, body } = await post("/v1/score", { ...solution, model: "prm", problemId: "p", index: 3 });
  t.is(status, 200);
  const scores = Object.fromEntries(aggregates.map((how) => [how, aggregate(expected, how)]));
  const numTokens = rewardModel.encode(solution).tokenIds.length;
  t.deepEqual(body, { problemId: "p", index: 3, model: "prm", stepScores: expected, scores, numTokens } as never);
});

test("the answer to a solution with problemId and index is read as a record of scores.jsonl", async (t) => {
  const { post } = await startService(t);
  const { body } = await post("/v1/score", { ...solution, problemId: "p", index: 3 });
  const { numTokens, ...record } = body as { numTokens: number };
  t.deepEqual(parseScoreRecord(body, { file: "scores.jsonl", line: 1 }), record as never);
  t.like(record, { problemId: "p", index: 3, model: "prm" });
  t.true(numTokens > 0);
});

test("some solutions at a time come back in their order, through few passes", async (t) => {
  const { post, rewardModel, native } = await startService(t);
  const expected = await rewardModel.scoreSteps(tinySolutions);
  const before = native.calls.length;
  const { body } = await post("/v1/score", { items: tinySolutions });
  const { results } = body as { results: { stepScores: number[]; problemId: string; index: number }[] };
  t.deepEqual(
    results.map(({ stepScores }) => stepScores),
    expected,
  );
  t.deepEqual(
    results.map(({ problemId, index }) => [problemId, index]),
    tinySolutions.map(({ problemId, index }) => [problemId, index]),
  );
  t.is(native.calls.length - before, 1);
});

test("requests of several clients share a pass and get each their own", async (t) => {
  const { post, rewardModel, native } = await startService(t, { batching: { batchWaitMs: 1e6, tokensPerBatch: 200 } });
  const some = tinySolutions.slice(0, 8);
  const expected = await rewardModel.scoreSteps(some);
  const before = native.calls.length;
  const answers = some.map((one) => post("/v1/score", one));
  // The last one fills the batch that the others wait in.
  const numTokens = some.reduce((sum, one) => sum + rewardModel.encode(one).tokenIds.length, 0);
  t.true(numTokens > 200);
  const first = await Promise.race(answers.map((answer, i) => answer.then(({ body }) => ({ i, body }))));
  t.deepEqual((first.body as { stepScores: number[] }).stepScores, expected[first.i]);
  t.true((native.calls[before]?.length ?? 0) > 1, "the pass has solutions of several requests");
});

test("what is wrong with a request is named by its place: 422, and 404 for a model", async (t) => {
  const { post } = await startService(t, { limits: { maxItems: 2, maxSteps: 3, maxCharacters: 1000 } });
  const refused: [unknown, number, string | null][] = [
    [{}, 422, "items"],
    [{ question: "x" }, 422, "steps"],
    [{ question: "x", steps: [] }, 422, "steps"],
    [{ question: "x", steps: ["a", 3] }, 422, "steps[1]"],
    [{ question: "x", steps: ["a", "b", "c", "d"] }, 422, "steps"],
    [{ question: "x", steps: ["a", "   "] }, 422, "steps"],
    [{ question: "x", steps: ["a*b"] }, 422, "steps"],
    [{ question: "x", steps: ["a".repeat(1000)] }, 422, "steps"],
    [{ items: [] }, 422, "items"],
    [{ items: [solution, solution, solution] }, 422, "items"],
    [{ items: [solution, { question: 1, steps: ["a"] }] }, 422, "items[1].question"],
    [{ items: [solution, { question: "x", steps: [""] }] }, 422, "items[1].steps"],
    [{ items: [{ ...solution, model: "prm" }] }, 422, "items[0].model"],
    [{ ...solution, model: "other" }, 404, "model"],
    [[solution], 422, null],
    ["{", 400, null],
    ['{"question": NaN}', 400, null],
  ];
  for (const [body, status, param] of refused) {
    const answer = await post("/v1/score", body);
    const { error } = answer.body as { error: { param: string | null; code: string; message: string } };
    t.deepEqual([answer.status, error.param], [status, param], JSON.stringify(body));
    t.regex(error.code, /^ERPRM_/);
  }
  t.is((await post("/v1/score", solution)).status, 200);
});

test("a stream gives a line for a line in their order, errors among them, and goes on", async (t) => {
  const { url, rewardModel } = await startService(t);
  const [stepScores] = await rewardModel.scoreSteps([solution]);
  const input = [
    JSON.stringify({ ...solution, problemId: "p", index: 0 }),
    "{",
    "",
    JSON.stringify({ question: "x", steps: [""], problemId: "q", index: 1 }),
    Buffer.from([0x22, 0xff, 0x22]),
    JSON.stringify({ ...solution, model: "other" }),
    JSON.stringify({ ...solution, answer: "2", outcome: 1 }),
  ];
  const body = Buffer.concat(input.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]));
  const response = await fetch(`${url}/v1/score`, { method: "POST", headers: ndjson, body });
  t.is(response.status, 200);
  t.is(response.headers.get("content-type"), "application/x-ndjson");
  const got = lines(await response.text());
  t.deepEqual(
    got.map(({ line, problemId, error }) => [line, problemId, error?.param ?? error?.message]),
    [
      [undefined, "p", undefined],
      [2, undefined, got[1].error.message],
      [4, "q", "steps"],
      [5, undefined, "line 5: Expected UTF-8, received bytes that are not"],
      [6, undefined, "model"],
      [undefined, undefined, undefined],
    ],
  );
  t.deepEqual([got[0].stepScores, got[5].stepScores], [stepScores, stepScores]);
});

test("a line beyond the limit is an error of its own, however long, and the next one is scored", async (t) => {
  const { url } = await startService(t, { limits: { maxBodyBytes: 1000 } });
  const long = JSON.stringify({ question: "x".repeat(100_000), steps: ["a"] });
  const body = `${long}\n${JSON.stringify(solution)}`;
  const response = await fetch(`${url}/v1/score`, { method: "POST", headers: ndjson, body });
  const [tooLong, scored] = lines(await response.text());
  t.regex(tooLong.error.message, /^line 1: Expected at most 1000 bytes, received 1\d{5}$/);
  t.is(scored.stepScores.length, 2);
});

test("items come back as lines where the client accepts lines", async (t) => {
  const { url, rewardModel } = await startService(t);
  const expected = await rewardModel.scoreSteps(tinySolutions);
  const response = await fetch(`${url}/v1/score`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/x-ndjson" },
    body: JSON.stringify({ items: tinySolutions }),
  });
  const got = lines(await response.text());
  t.deepEqual(
    got.map(({ stepScores }) => stepScores),
    expected,
  );
});

test("a stream answers while it is being sent: a client may wait for a result before it goes on", async (t) => {
  const { port } = await startService(t);
  const sending = request({ port, method: "POST", path: "/v1/score", headers: ndjson });
  sending.write(`${JSON.stringify(solution)}\n`);
  const [response] = await once(sending, "response");
  response.setEncoding("utf8");
  for (let i = 0; i < 3; i += 1) {
    const [text] = await once(response, "data");
    t.is(JSON.parse(text).stepScores.length, 2);
    sending.write(`${JSON.stringify(solution)}\n`);
  }
  sending.end();
  await once(response, "end");
});

test("a stream that nobody reads is not read either", async (t) => {
  const { port } = await startService(t, { fake: { logits: () => 0 }, limits: { maxBodyBytes: 2 ** 20 } });
  const sending = request({ port, method: "POST", path: "/v1/score", headers: ndjson });
  // What cannot be scored needs no model, and its answer is as long as itself.
  const line = `${JSON.stringify({ problemId: "p".repeat(900), question: "x", steps: [""] })}\n`;
  const enough = 200_000;
  let numWritten = 0;
  // Until the server's and the kernel's buffers are full: megabytes, not all there is.
  const pump = () => {
    for (; numWritten < enough; numWritten += 1) if (!sending.write(line)) return;
  };
  sending.on("drain", pump);
  pump();
  const [response] = await once(sending, "response");
  response.pause();
  let since = performance.now();
  let before = 0;
  await until(() => {
    if (numWritten !== before) since = performance.now();
    before = numWritten;
    return numWritten === enough || performance.now() - since > 500;
  });
  t.true(numWritten < enough, `${numWritten}`);
  const closed = once(sending, "close");
  sending.on("error", () => {});
  sending.destroy();
  await closed;
});

test("a client that goes away takes its queued work along", async (t) => {
  const { url, service, native } = await startService(t, { fake: { delayMs: 50 }, batching: { tokensPerBatch: 1 } });
  const abort = new AbortController();
  const gone = fetch(`${url}/v1/score`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items: Array(200).fill(solution) }),
    signal: abort.signal,
  });
  await until(() => native.calls.length > 0);
  abort.abort();
  await t.throwsAsync(gone, { any: true });
  const queue = service.context.scorers.of(service.context.models.find("reward-model"));
  await until(() => queue.numSolutions === 0);
  t.true(native.calls.length < 20, `${native.calls.length} passes`);
});

test("a full queue answers 429 with Retry-After, and its refusals are counted", async (t) => {
  const { post, service, native } = await startService(t, {
    limits: { maxQueuedTokens: 100 },
    batching: { tokensPerBatch: 1 },
  });
  const letGo = holdPasses(native);
  const first = post("/v1/score", { items: [solution, solution, solution, solution, solution] });
  await until(() => native.calls.length > 0);
  const refused = await post("/v1/score", solution);
  t.is(refused.status, 429);
  t.regex(refused.headers.get("retry-after") ?? "", /^[1-9]\d?$/);
  t.is((refused.body as { error: { code: string } }).error.code, "ERPRM_BUSY");
  letGo();
  t.is((await first).status, 200);
  t.regex(await service.context.metrics.text(), /^erprm_queue_refused_total\{model="prm"\} 1$/m);
});

test("numerical trouble of the model is a 500 that tells nothing, and the log has its place but no text", async (t) => {
  const { post, lines: logged } = await startService(t, { fake: { logits: () => Number.NaN } });
  const { status, body } = await post("/v1/score", { question: "secret question", steps: ["secret step"] });
  t.is(status, 500);
  const { error } = body as { error: { message: string; code: string } };
  t.deepEqual(
    [error.code, error.message],
    ["ERPRM_NUMERICAL", "The server failed (ERPRM_NUMERICAL); its log says more"],
  );
  t.regex(logged.join("\n"), /ERPRM_NUMERICAL[\s\S]*\n {4}at /);
  t.notRegex(logged.join("\n"), /secret/);
});

test("an ErprmError of any code has a status of its own", async (t) => {
  const { httpStatusOf } = await import("../../../src/service/http-status.js");
  t.is(httpStatusOf(new ErprmError("ERPRM_INTERNAL", "")), 500);
  t.is(httpStatusOf(new ErprmError("ERPRM_BUSY", "", { status: 503 })), 503);
  t.is(httpStatusOf(new ErprmError("ERPRM_BUSY", "", { status: 200 })), 429);
});
