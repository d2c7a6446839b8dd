import { setMaxListeners } from "node:events";
import test from "ava";
import { Slots } from "../../../../src/service/completions/slots.js";

const never = new AbortController().signal;
setMaxListeners(0, never);

/** Waits until every promise that can settle has. */
const turns = () => new Promise((resolve) => setImmediate(resolve));

test("slots are given in pieces of a quarter until none is free, and again as they come back", async (t) => {
  const slots = new Slots(16);
  const given: number[] = [];
  const ask = async (wanted: number) => given.push(await slots.acquire("a", wanted, never));
  await slots.acquire("before", 15, never);
  for (const wanted of [100, 3, 90, 80, 70, 60]) void ask(wanted);
  await turns();
  // The last piece goes beyond the slots by less than its size.
  t.deepEqual(given, [4]);
  t.is(slots.held, 19);
  slots.release("before", 15);
  await turns();
  t.deepEqual(given, [4, 3, 4, 4, 4]);
  t.is(slots.held, 19);
  slots.release("a", 3);
  await turns();
  t.is(given.length, 5);
  slots.release("a", 1);
  await turns();
  t.is(given.length, 6);
});

test("who is alone gets all free slots at once, so that the prompt is computed once", async (t) => {
  const slots = new Slots(16);
  t.is(await slots.acquire("a", 12, never), 12);
  t.is(await slots.acquire("a", 12, never), 4);
  slots.release("a", 6);
  t.is(await slots.acquire("b", 100, never), 6);
});

test("a free slot goes to the client that holds the fewest", async (t) => {
  const slots = new Slots(4);
  const order: string[] = [];
  const ask = async (client: string) => {
    await slots.acquire(client, 1, never);
    order.push(client);
  };
  for (let i = 0; i < 8; i += 1) void ask("many");
  await turns();
  void ask("one");
  void ask("other");
  slots.release("many", 1);
  await turns();
  slots.release("many", 1);
  await turns();
  t.deepEqual(order, ["many", "many", "many", "many", "one", "other"]);
});

test("of fifty clients that wait nobody is served twice before everybody was served once", async (t) => {
  const slots = new Slots(2);
  for (const _ of [1, 2]) await slots.acquire("before", 1, never);
  const order: string[] = [];
  const ask = async (client: string) => {
    await slots.acquire(client, 1, never);
    order.push(client);
    setImmediate(() => slots.release(client, 1));
  };
  const all = Array.from({ length: 50 }, (_, i) => [ask(`c${i}`), ask(`c${i}`)]).flat();
  slots.release("before", 2);
  await Promise.all(all);
  t.is(new Set(order.slice(0, 50)).size, 50);
});

test("clients that come anew all the time keep nobody waiting for ever", async (t) => {
  const slots = new Slots(1);
  await slots.acquire("long", 1, never);
  const served: string[] = [];
  const ask = async (client: string) => {
    await slots.acquire(client, 1, never);
    served.push(client);
  };
  void ask("long");
  void ask("new 0");
  let running = "long";
  for (let i = 1; i < 20 && !served.includes("long"); i += 1) {
    // Whenever one ends, the next new client is there already.
    void ask(`new ${i}`);
    slots.release(running, 1);
    await turns();
    running = served.at(-1) as string;
  }
  t.true(served.indexOf("long") >= 0 && served.indexOf("long") < 3, served.join(", "));
});

test("who gives up waiting is served no more and holds nothing", async (t) => {
  const slots = new Slots(1);
  await slots.acquire("a", 1, never);
  const leaving = new AbortController();
  const waiting = slots.acquire("b", 1, leaving.signal);
  leaving.abort();
  await t.throwsAsync(waiting, { code: "ERPRM_ABORTED" });
  slots.release("a", 1);
  t.is(slots.held, 0);
  await t.throwsAsync(slots.acquire("b", 1, leaving.signal), { code: "ERPRM_ABORTED" });
  t.is(await slots.acquire("c", 5, never), 1);
});
