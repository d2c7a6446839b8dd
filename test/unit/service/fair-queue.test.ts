import test from "ava";
import fc from "fast-check";
import { FairQueue } from "../../../src/service/fair-queue.js";

const entry = (client: string, numTokens: number, name = "") => ({ client, numTokens, name });

test("a client with one short solution comes next to one with many long ones, not behind them", (t) => {
  const queue = new FairQueue<ReturnType<typeof entry>>();
  for (let i = 0; i < 100; i += 1) queue.push(entry("greedy", 500, `g${i}`));
  queue.push(entry("modest", 20, "m0"));
  const names = queue.take(1200).map(({ name }) => name);
  t.deepEqual(names, ["g0", "m0", "g1"]);
});

test("clients that always have work get the same tokens, whatever the sizes of their solutions", (t) => {
  const queue = new FairQueue<ReturnType<typeof entry>>();
  const given = { long: 0, short: 0 };
  const sizes = { long: 300, short: 30 };
  for (const [client, size] of Object.entries(sizes)) for (let i = 0; i < 1000; i += 1) queue.push(entry(client, size));
  for (let pass = 0; pass < 40; pass += 1) {
    for (const { client, numTokens } of queue.take(1000)) given[client as keyof typeof given] += numTokens;
  }
  t.true(Math.abs(given.long - given.short) <= sizes.long, JSON.stringify(given));
});

test("who waited for nothing has saved up no turns", (t) => {
  const queue = new FairQueue<ReturnType<typeof entry>>();
  for (let i = 0; i < 50; i += 1) queue.push(entry("early", 100, "early"));
  for (let i = 0; i < 40; i += 1) queue.take(100);
  for (let i = 0; i < 50; i += 1) queue.push(entry("late", 100, "late"));
  const names = queue.take(800).map(({ name }) => name);
  t.is(names.filter((name) => name === "late").length, 4);
});

test("leaving and coming back does not make a client new", (t) => {
  const queue = new FairQueue<ReturnType<typeof entry>>();
  for (let i = 0; i < 20; i += 1) queue.push(entry("steady", 100, "steady"));
  const served = { steady: 0, hasty: 0 };
  for (let pass = 0; pass < 16; pass += 1) {
    if (queue.tokensOf("hasty") === 0) queue.push(entry("hasty", 100, "hasty"));
    for (const { name } of queue.take(100)) served[name as keyof typeof served] += 1;
  }
  t.true(Math.abs(served.steady - served.hasty) <= 1, JSON.stringify(served));
});

test("a batch holds its tokens and never none: a solution beyond them goes alone", (t) => {
  const queue = new FairQueue<ReturnType<typeof entry>>();
  queue.push(entry("a", 5000));
  queue.push(entry("a", 10));
  t.deepEqual(
    [queue.take(1000), queue.take(1000), queue.take(1000)].map((batch) => batch.map(({ numTokens }) => numTokens)),
    [[5000], [10], []],
  );
});

test("whatever is pushed, taken and removed: nothing is lost or doubled, counts are true, a client's order is kept", (t) => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("push" as const),
      client: fc.constantFrom("a", "b", "c", "d"),
      size: fc.integer({ min: 1, max: 300 }),
    }),
    fc.record({ kind: fc.constant("take" as const), tokens: fc.integer({ min: 1, max: 900 }) }),
    fc.record({ kind: fc.constant("remove" as const), which: fc.nat(30) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = new FairQueue<ReturnType<typeof entry>>();
      let waiting: ReturnType<typeof entry>[] = [];
      for (const one of steps) {
        if (one.kind === "push") {
          const pushed = entry(one.client, one.size);
          waiting.push(pushed);
          queue.push(pushed);
        } else if (one.kind === "remove") {
          const gone = waiting[one.which];
          if (gone === undefined) continue;
          if (!queue.remove(gone) || queue.remove(gone)) return false;
          waiting = waiting.filter((other) => other !== gone);
        } else {
          const taken = queue.take(one.tokens);
          const sum = taken.reduce((tokens, { numTokens }) => tokens + numTokens, 0);
          if (taken.length > 1 && sum > one.tokens) return false;
          if (taken.length === 0 && waiting.length > 0) return false;
          for (const got of taken) {
            const first = waiting.find(({ client }) => client === got.client);
            if (first !== got) return false;
            waiting = waiting.filter((other) => other !== got);
          }
        }
        if (queue.numEntries !== waiting.length) return false;
        if (queue.numTokens !== waiting.reduce((tokens, { numTokens }) => tokens + numTokens, 0)) return false;
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.pass();
});
