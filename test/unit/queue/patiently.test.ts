import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { isMissing, nowAndThen, patiently, pause } from "../../../src/queue/patiently.js";

const never = new AbortController().signal;

function failing(errors: unknown[]): () => Promise<string> {
  return async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return "done";
  };
}

const apiError = (code: number, status: number) => Object.assign(new Error("api"), { code, status });

test("a server that is away is asked again until it answers", async (t) => {
  const timeout = Object.assign(new Error("timeout"), { name: "TimeoutError" });
  t.is(await patiently(never, failing([timeout, apiError(10008, 503)])), "done");
});

test("what asking again cannot change is thrown at once", async (t) => {
  const closed = Object.assign(new Error("closed"), { name: "ClosedConnectionError" });
  for (const error of [new ErprmError("ERPRM_INVALID_DATA", "x"), apiError(10059, 404), closed]) {
    t.is(await t.throwsAsync(patiently(never, failing([error, error]))), error as Error);
  }
});

test("nobody waits when the work has ended", async (t) => {
  const ending = new AbortController();
  const errors = [new Error("first")];
  const waiting = patiently(ending.signal, async () => {
    ending.abort();
    throw errors[0];
  });
  await t.throwsAsync(waiting, { message: "first" });
  await t.notThrowsAsync(pause(1e6, ending.signal));
});

test("streams and consumers that are not there are told from other errors", (t) => {
  t.true(
    isMissing(apiError(10059, 404)) && isMissing(apiError(10014, 404)) && isMissing(new Error("Consumer Deleted")),
  );
  t.false(isMissing(apiError(10077, 400)) || isMissing(new Error("timeout")));
});

test("what many have to say of one server is said once in ten seconds", (t) => {
  const told: string[] = [];
  let now = 5;
  const tell = nowAndThen(
    (text) => told.push(text),
    () => now,
  );
  for (const [at, text] of [
    [5, "a"],
    [6, "b"],
    [10_004, "c"],
    [10_005, "d"],
  ] as const) {
    now = at;
    tell(text);
  }
  t.deepEqual(told, ["a", "d"]);
});
