import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { ErprmError } from "../../../src/errors.js";
import { ServiceClient } from "../../../src/index.js";
import { ApiKeys } from "../../../src/service/api-keys.js";
import { collect } from "../../support/fake-policy.js";
import { holdPasses } from "../../support/fake-reward-model.js";
import { startService } from "../../support/running-service.js";
import { tinySolutions } from "../../support/tiny-scoring.js";
import { until } from "../../support/until.js";

const solution = { question: "1 + 1?", steps: ["One and one.\n", "2"] };

/** A server that answers as it likes. */
async function startOther(t: ExecutionContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("scores, grades and models come through the client as they are in process", async (t) => {
  const { url, rewardModel } = await startService(t);
  const client = new ServiceClient({ url });
  const expected = await rewardModel.scoreSteps(tinySolutions);
  t.deepEqual((await client.score(tinySolutions[0] as (typeof tinySolutions)[0])).stepScores, expected[0]);
  const many = await client.scoreMany(tinySolutions, { model: "prm" });
  t.deepEqual(
    many.map(({ stepScores }) => stepScores),
    expected,
  );
  t.deepEqual(await client.scoreMany([]), []);
  t.like(await client.grade({ answer: "0.5", solution: "so \\boxed{\\frac12}" }), { outcome: 1 });
  t.like(await client.grade({ answer: "0.5", finalAnswer: "3" }), { outcome: 0, finalAnswer: "3" });
  t.deepEqual(
    (await client.models()).map(({ id, kind }) => [id, kind]),
    [["prm", "reward-model"]],
  );
});

test("a stream gives the scores of any number of solutions in order, and tells of those that have none", async (t) => {
  const { url, rewardModel } = await startService(t);
  const client = new ServiceClient({ url, model: "prm" });
  const some = Array.from({ length: 500 }, (_, i) => ({ ...solution, problemId: `p${i}`, steps: [`Step ${i}.`] }));
  const expected = await rewardModel.scoreSteps(some);
  const broken = { question: "x", steps: [""], problemId: "broken", index: 7 };
  const results = await collect(client.scoreStream([...some.slice(0, 100), broken, ...some.slice(100)]));
  t.is(results.length, 501);
  const failed = results[100] as { error: ErprmError; problemId: string; index: number };
  t.true(failed.error instanceof ErprmError);
  t.deepEqual([failed.problemId, failed.index, failed.error.details.field], ["broken", 7, "steps"]);
  const scored = results.filter((one) => !("error" in one));
  t.deepEqual(
    scored.map((one) => "stepScores" in one && one.stepScores),
    expected,
  );
});

test("a stream takes its solutions no faster than the service, and what they throw ends it", async (t) => {
  const { url, native } = await startService(t);
  const letGo = holdPasses(native);
  let numTaken = 0;
  async function* solutions() {
    for (; numTaken < 100_000; numTaken += 1) {
      if (numTaken === 30_000) throw new ErprmError("ERPRM_INVALID_DATA", "the file is broken here");
      yield { ...solution, question: "x".repeat(2000) };
    }
  }
  const results = new ServiceClient({ url }).scoreStream(solutions());
  const first = results.next();
  let before = -1;
  let since = performance.now();
  await until(() => {
    if (numTaken !== before) since = performance.now();
    before = numTaken;
    return numTaken > 0 && performance.now() - since > 300;
  });
  t.true(numTaken < 30_000, `${numTaken}`);
  letGo();
  t.true("stepScores" in ((await first).value as object));
  await results.return();

  async function* broken() {
    yield solution;
    throw new ErprmError("ERPRM_INVALID_DATA", "the file is broken here");
  }
  const error = await t.throwsAsync(collect(new ServiceClient({ url }).scoreStream(broken())));
  t.is(error?.message, "the file is broken here");
});

test("an error of the service is an ErprmError with its code, status and field", async (t) => {
  const keys = new ApiKeys().add("the-key-of-the-lab-0123456789", "keys");
  const { url } = await startService(t, { keys });
  const refused = await t.throwsAsync<ErprmError>(new ServiceClient({ url }).score(solution));
  t.deepEqual([refused.code, refused.details.status], ["ERPRM_INVALID_ARGUMENT", 401]);
  const stream = new ServiceClient({ url }).scoreStream([solution]);
  t.is((await t.throwsAsync<ErprmError>(collect(stream))).details.status, 401);
  const client = new ServiceClient({ url, apiKey: "the-key-of-the-lab-0123456789" });
  t.is((await client.score(solution)).stepScores.length, 2);
  const empty = await t.throwsAsync<ErprmError>(client.score({ question: "x", steps: [] }));
  t.deepEqual([empty.code, empty.details.status, empty.details.field], ["ERPRM_INVALID_DATA", 422, "steps"]);
  const unknown = await t.throwsAsync<ErprmError>(client.score(solution, { model: "other" }));
  t.deepEqual([unknown.code, unknown.details.field], ["ERPRM_NOT_FOUND", "model"]);
});

test("a full or failing service is asked again, as late as it says, as often as allowed", async (t) => {
  const answers = [
    { status: 429, after: "0.01", body: { error: { code: "ERPRM_BUSY", message: "full", param: null } } },
    { status: 503, after: "0.01", body: "not JSON" },
    {
      status: 200,
      body: { model: "m", stepScores: [0.5], scores: { min: 0.5, last: 0.5, mean: 0.5, product: 0.5 }, numTokens: 3 },
    },
  ];
  let numRequests = 0;
  const url = await startOther(t, (_request, response) => {
    const { status, body, after } = answers[numRequests % 3] as (typeof answers)[0];
    numRequests += 1;
    response.writeHead(status, after === undefined ? {} : { "retry-after": after });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  t.deepEqual((await new ServiceClient({ url }).score(solution)).stepScores, [0.5]);
  t.is(numRequests, 3);
  const busy = await t.throwsAsync<ErprmError>(new ServiceClient({ url, maxRetries: 0 }).score(solution));
  t.deepEqual([busy.code, busy.details.retryAfterSeconds], ["ERPRM_BUSY", 0.01]);
});

test("nobody there, a broken answer, another kind of server: each is an error that says so", async (t) => {
  const gone = await t.throwsAsync<ErprmError>(
    new ServiceClient({ url: "http://127.0.0.1:9", maxRetries: 1 }).score(solution),
  );
  t.is(gone.code, "ERPRM_IO");
  t.regex(gone.message, /http:\/\/127\.0\.0\.1:9/);
  const cut = await startOther(t, (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"model":');
    setImmediate(() => response.destroy());
  });
  t.is(
    (await t.throwsAsync<ErprmError>(new ServiceClient({ url: cut, maxRetries: 0 }).score(solution))).code,
    "ERPRM_IO",
  );
  const cutLines = await startOther(t, (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"model":');
    setImmediate(() => response.destroy());
  });
  const stream = new ServiceClient({ url: cutLines }).scoreStream([solution]);
  t.is((await t.throwsAsync<ErprmError>(collect(stream))).code, "ERPRM_IO");
  const short = await startOther(t, (_request, response) => response.end());
  const unanswered = await t.throwsAsync<ErprmError>(
    collect(new ServiceClient({ url: short }).scoreStream([solution])),
  );
  t.deepEqual([unanswered.code, unanswered.details.numUnanswered], ["ERPRM_IO", 1]);
  const other = await startOther(t, (_request, response) => response.end('{"hello":"world"}'));
  const strange = await t.throwsAsync<ErprmError>(new ServiceClient({ url: other }).score(solution));
  t.is(strange.code, "ERPRM_INVALID_DATA");
  t.throws(() => new ServiceClient({ url: "somewhere" }), { instanceOf: ErprmError });
  const withPassword = new ServiceClient({ url: other.replace("//", "//me:hunter2@") });
  const secret = await t.throwsAsync<ErprmError>(withPassword.score(solution));
  const bad = t.throws<ErprmError>(() => new ServiceClient({ url: "ftp://me:hunter2@somewhere" }));
  for (const { message, details } of [secret, bad]) t.notRegex(JSON.stringify([message, details]), /hunter2/);
});

test("a signal ends the request here and its work at the service", async (t) => {
  const { url, native, service } = await startService(t, { batching: { tokensPerBatch: 1 } });
  const letGo = holdPasses(native);
  const client = new ServiceClient({ url });
  for (const ask of [
    (signal: AbortSignal) => client.scoreMany(tinySolutions, { signal }),
    (signal: AbortSignal) => collect(client.scoreStream(tinySolutions, { signal })),
  ]) {
    const abort = new AbortController();
    const before = native.calls.length;
    const asked = ask(abort.signal);
    const queue = service.context.scorers.of(service.context.models.find("reward-model"));
    await until(() => queue.numSolutions > 0 && (native.calls.length > before || native.calls.length > 0));
    abort.abort();
    t.is((await t.throwsAsync<ErprmError>(asked)).code, "ERPRM_ABORTED");
    await until(() => queue.numSolutions === 0);
  }
  letGo();
  const early = await t.throwsAsync<ErprmError>(client.score(solution, { signal: AbortSignal.abort() }));
  t.is(early.code, "ERPRM_ABORTED");
});
