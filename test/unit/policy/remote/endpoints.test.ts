import test from "ava";
import { type Endpoint, Endpoints } from "../../../../src/policy/remote/endpoints.js";

/** Which waits are over. */
function watch(waits: readonly Promise<Endpoint>[]): boolean[] {
  const over = waits.map(() => false);
  for (const [i, wait] of waits.entries()) {
    wait.then(
      () => {
        over[i] = true;
      },
      () => {},
    );
  }
  return over;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a request goes to the server with the least requests in flight", async (t) => {
  const endpoints = new Endpoints(["a", "b"], { concurrency: 4 });
  const taken = await Promise.all([1, 2, 3, 4].map(() => endpoints.acquire(undefined)));
  t.deepEqual(
    taken.map(({ url }) => url),
    ["a", "b", "a", "b"],
  );
  endpoints.release(taken[1] as Endpoint);
  endpoints.release(taken[3] as Endpoint);
  t.is((await endpoints.acquire(undefined)).url, "b");
  t.is(endpoints.inFlight, 3);
});

test("no server has more requests than allowed, and those that wait come in their order", async (t) => {
  const endpoints = new Endpoints(["a"], { concurrency: 2 });
  const [first] = await Promise.all([endpoints.acquire(undefined), endpoints.acquire(undefined)]);
  const waits = [endpoints.acquire(undefined), endpoints.acquire(undefined)];
  const over = watch(waits);
  await settle();
  t.deepEqual(over, [false, false]);
  endpoints.release(first as Endpoint);
  await settle();
  t.deepEqual(over, [true, false]);
  t.is(endpoints.inFlight, 2);
});

test("a server that rests gets nothing until its time is over, and others go on", async (t) => {
  let now = 0;
  const endpoints = new Endpoints(["a", "b"], { concurrency: 1, now: () => now });
  const a = await endpoints.acquire(undefined);
  endpoints.rest(a, () => 1000);
  const b = await endpoints.acquire(undefined);
  t.is(b.url, "b");
  const [wait] = [endpoints.acquire(undefined)];
  const over = watch([wait]);
  await settle();
  t.deepEqual(over, [false]);
  now = 1001;
  // Whatever happens next looks at the clock.
  endpoints.release(b);
  const next = await wait;
  t.is(next.url, "a");
  endpoints.close();
});

test("rests in a row grow, those of one outage count once, and a good answer ends the row", async (t) => {
  let now = 0;
  const endpoints = new Endpoints(["a"], { concurrency: 3, now: () => now });
  const taken = await Promise.all([1, 2, 3].map(() => endpoints.acquire(undefined)));
  const told: number[] = [];
  const rest = (endpoint: Endpoint) =>
    endpoints.rest(endpoint, (before) => {
      told.push(before);
      return 10;
    });
  for (const endpoint of taken) rest(endpoint);
  t.deepEqual(told, [0, 0, 0]);
  now = 100;
  rest(await endpoints.acquire(undefined));
  t.is(told.at(-1), 1);
  now = 200;
  endpoints.release(await endpoints.acquire(undefined));
  rest(await endpoints.acquire(undefined));
  t.is(told.at(-1), 0);
  endpoints.close();
});

test("a server that failed gets few requests until it has answered well", async (t) => {
  let now = 0;
  const endpoints = new Endpoints(["a"], { concurrency: 16, now: () => now });
  endpoints.rest(await endpoints.acquire(undefined), () => 10);
  t.false(endpoints.haveFailed(1));
  t.true(endpoints.haveFailed(0));
  now = 20;
  const waits = Array.from({ length: 16 }, () => endpoints.acquire(undefined));
  const over = watch(waits);
  await settle();
  t.is(over.filter(Boolean).length, 2);
  endpoints.release(await (waits[0] as Promise<Endpoint>));
  await settle();
  t.is(over.filter(Boolean).length, 16);
  t.false(endpoints.haveFailed(0));
});

test("a request may avoid a server, and does not hold up those behind it", async (t) => {
  const endpoints = new Endpoints(["a", "b"], { concurrency: 1 });
  const [a, b] = await Promise.all([endpoints.acquire(undefined), endpoints.acquire(undefined)]);
  const waits = [endpoints.acquire(undefined, new Set(["a"])), endpoints.acquire(undefined)];
  const over = watch(waits);
  endpoints.release(a as Endpoint);
  await settle();
  t.deepEqual(over, [false, true]);
  endpoints.release(b as Endpoint);
  t.is((await (waits[0] as Promise<Endpoint>)).url, "b");
});

test("who waits can give up, and takes no place then", async (t) => {
  const endpoints = new Endpoints(["a"], { concurrency: 1 });
  const held = await endpoints.acquire(undefined);
  const controller = new AbortController();
  const wait = endpoints.acquire(controller.signal);
  controller.abort();
  await t.throwsAsync(wait, { code: "ERPRM_ABORTED" });
  endpoints.release(held);
  t.is(endpoints.inFlight, 0);
  await t.throwsAsync(endpoints.acquire(controller.signal), { code: "ERPRM_ABORTED" });
});
