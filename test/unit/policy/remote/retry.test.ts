import test from "ava";
import { Endpoints } from "../../../../src/policy/remote/endpoints.js";
import { askWithRetries, backoffMs } from "../../../../src/policy/remote/retry.js";
import { ServerFault } from "../../../../src/policy/remote/server-fault.js";
import { startCompletionServer } from "../../../support/completion-server.js";
import { loadRemote } from "../../../support/remote-policy.js";

const options = { maxRetries: 5, firstMs: 1, mostMs: 4 };
const passing = () => new ServerFault("500", { canRetry: true, status: 500 });

test("waits are drawn evenly from 0 to a bound that doubles and then stays", (t) => {
  const bounds = { maxRetries: 9, firstMs: 500, mostMs: 30_000 };
  const most = [1, 2, 3, 7, 8, 20].map((failures) => backoffMs(failures, bounds, () => 1));
  t.deepEqual(most, [500, 1000, 2000, 30_000, 30_000, 30_000]);
  t.is(
    backoffMs(3, bounds, () => 0.25),
    500,
  );
  t.is(
    backoffMs(3, bounds, () => 0),
    0,
  );
});

test("a request is sent again as often as allowed, and no more", async (t) => {
  const endpoints = new Endpoints(["a"], { concurrency: 1 });
  let numRetries = 0;
  let asked = 0;
  const ask = async () => {
    asked += 1;
    throw passing();
  };
  const onRetry = () => {
    numRetries += 1;
  };
  await t.throwsAsync(askWithRetries(endpoints, ask, options, { onRetry }), {
    code: "ERPRM_IO",
    message: /asked for it 6 times/,
  });
  t.deepEqual([asked, numRetries, endpoints.inFlight], [6, 5, 0]);
});

test("servers that fail whatever they are asked end the work, however many requests wait", async (t) => {
  const endpoints = new Endpoints(["a", "b"], { concurrency: 8 });
  let asked = 0;
  const gone = async () => {
    asked += 1;
    throw new ServerFault("ECONNREFUSED", { canRetry: true });
  };
  const all = Array.from({ length: 50 }, () => askWithRetries(endpoints, gone, options));
  for (const settled of await Promise.allSettled(all)) t.is(settled.status, "rejected");
  t.true(asked < 50 * (options.maxRetries + 1), `${asked} requests`);
});

test("a request that failed at one server goes to the others first", async (t) => {
  const endpoints = new Endpoints(["a", "b", "c"], { concurrency: 1 });
  const asked: string[] = [];
  const answer = await askWithRetries(
    endpoints,
    async (url) => {
      asked.push(url);
      if (asked.length < 6) throw passing();
      return "here";
    },
    options,
  );
  t.is(answer, "here");
  t.deepEqual(asked.slice(0, 3).sort(), ["a", "b", "c"]);
  t.deepEqual(asked.slice(3).sort(), ["a", "b", "c"]);
});

test("what is no fault of a server is thrown as it is, and the place is given back", async (t) => {
  const endpoints = new Endpoints(["a"], { concurrency: 1 });
  const broken = async () => {
    throw new TypeError("a mistake of ours");
  };
  await t.throwsAsync(askWithRetries(endpoints, broken, options), { instanceOf: TypeError });
  t.is(endpoints.inFlight, 0);
});

test("Retry-After holds for the request and for all others to that server", async (t) => {
  const times: number[] = [];
  const server = await startCompletionServer(t, {
    faultOf: (number) => {
      times.push(performance.now());
      return number === 2 ? { kind: "status", status: 429, retryAfter: "0.4" } : undefined;
    },
  });
  const policy = await loadRemote(t, server.policy, { concurrency: 1 });
  t.is(times.length, 2, "probes");
  const trunk = policy.text.encodePrompt("One, two");
  const groups = [0, 1].map((stepIndex) => {
    return { prefixLength: 8, numCompletions: 1, solutionIndex: 0, stepIndex, firstCompletion: 0 };
  });
  const sampling = { temperature: 1, topP: 1, topK: 0, minP: 0, maxTokens: 9, stop: [] };
  await policy.rolloutTrunk({ trunk, groups, problemId: "p", seed: 0, sampling });
  const [refused = 0, next = 0] = times.slice(2);
  t.is(times.length, 5);
  t.true(next - refused > 390, `${next - refused} ms`);
});
