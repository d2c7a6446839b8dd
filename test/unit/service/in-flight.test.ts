import test from "ava";
import { InFlight } from "../../../src/service/scoring/in-flight.js";

const soon = () => new Promise((resolve) => setImmediate(resolve));

test("results come in the order in which their work was started, whenever it ends", async (t) => {
  const inFlight = new InFlight<number>(3);
  let endFirst = (_value: number) => {};
  inFlight.add(
    new Promise((resolve) => {
      endFirst = resolve;
    }),
  );
  inFlight.add(Promise.resolve(2));
  inFlight.end();
  const got: number[] = [];
  const reading = (async () => {
    for await (const one of inFlight.results()) got.push(one);
  })();
  await soon();
  t.deepEqual(got, []);
  endFirst(1);
  await reading;
  t.deepEqual(got, [1, 2]);
});

test("there is room for so many unread results, and again when one was read", async (t) => {
  const inFlight = new InFlight<number>(2);
  const results = inFlight.results();
  let numStarted = 0;
  const writing = (async () => {
    for (; numStarted < 5 && (await inFlight.room()); numStarted += 1) inFlight.add(Promise.resolve(numStarted));
    inFlight.end();
  })();
  await soon();
  t.is(numStarted, 2);
  t.is((await results.next()).value, 0);
  await soon();
  t.is(numStarted, 3);
  const rest: number[] = [];
  for await (const one of results) rest.push(one);
  t.deepEqual(rest, [1, 2, 3, 4]);
  await writing;
});

test("stopped, there is no room; what was started and what is still said are read all the same", async (t) => {
  const inFlight = new InFlight<string>(1);
  inFlight.add(Promise.resolve("started"));
  const room = inFlight.room();
  inFlight.stop();
  t.false(await room);
  inFlight.add(Promise.resolve("the reason"));
  inFlight.end();
  const got: string[] = [];
  for await (const one of inFlight.results()) got.push(one);
  t.deepEqual(got, ["started", "the reason"]);
});
