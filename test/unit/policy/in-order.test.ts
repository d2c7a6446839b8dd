import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { inOrder, isEnough, type Started } from "../../../src/policy/in-order.js";
import { collect } from "../../support/fake-policy.js";

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function startAfter(delayMs: (value: number) => number, weight = 1) {
  return (value: number): Started<number> => {
    const sampled = wait(delayMs(value)).then(() => value);
    return { weight, sampled, result: sampled };
  };
}

function* upTo(count: number): Generator<number> {
  for (let i = 0; i < count; i += 1) yield i;
}

test("results come in input order, whatever finishes first", async (t) => {
  const results = inOrder(
    upTo(30),
    startAfter((i) => (i * 13) % 17),
    { slots: 4 },
  );
  t.deepEqual(await collect(results), [...upTo(30)]);
});

test("enough work is in flight when what cannot have started holds two batches", (t) => {
  // Eight slots may be busy with the last completions of eight trunks; two more trunks of 16 hold 2 * 8 twice.
  t.false(isEnough(8, 8 * 16, 8));
  t.true(isEnough(9, 9 * 16, 8));
  // One completion a piece: 16 beyond the eight.
  t.false(isEnough(23, 23, 8));
  t.true(isEnough(24, 24, 8));
  t.false(isEnough(0, 0, 8));
});

test("work starts ahead of the reader, but only as far as the engine and the bounds ask for", async (t) => {
  let started = 0;
  const start = (value: number): Started<number> => {
    started += 1;
    // The first piece is slow, and everything behind it waits unread.
    const sampled = wait(value === 0 ? 60 : 0).then(() => value);
    return { weight: 4, sampled, result: sampled };
  };
  const results = inOrder(upTo(1000), start, { slots: 2 });
  await results.next();
  t.true(started > 2, "the others did not wait for the slow one");
  // Eight a slot, and one in the place of the result that was read.
  t.true(started <= 17, `${started} pieces were started while one was slow`);
  await results.return();
});

test("a failure is thrown at its place: after the results before it, and the work behind it is cancelled", async (t) => {
  const cancelled: number[] = [];
  const start = (value: number, signal: AbortSignal): Started<number> => {
    const sampled =
      value === 3
        ? wait(1).then(() => Promise.reject(new Error("three")))
        : new Promise<number>((resolve, reject) => {
            if (value < 3) setTimeout(resolve, 10, value);
            signal.addEventListener("abort", () => {
              cancelled.push(value);
              reject(signal.reason);
            });
          });
    return { weight: 1, sampled, result: sampled };
  };
  const seen: number[] = [];
  await t.throwsAsync(
    async () => {
      for await (const value of inOrder(upTo(8), start, { slots: 8 })) seen.push(value);
    },
    { message: "three" },
  );
  t.deepEqual(seen, [0, 1, 2]);
  t.true(cancelled.includes(7));
});

test("an error of the source arrives after the results before it", async (t) => {
  async function* broken() {
    yield 0;
    yield 1;
    throw new Error("line 3");
  }
  const seen: number[] = [];
  await t.throwsAsync(
    async () => {
      for await (const value of inOrder(
        broken(),
        startAfter(() => 5),
        { slots: 4 },
      ))
        seen.push(value);
    },
    { message: "line 3" },
  );
  t.deepEqual(seen, [0, 1]);
});

test("an abort ends the iteration with ERPRM_ABORTED, before it began as well", async (t) => {
  const controller = new AbortController();
  const hang = (_: number, signal: AbortSignal): Started<number> => {
    const sampled = new Promise<number>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new ErprmError("ERPRM_ABORTED", "cancelled")));
    });
    return { weight: 1, sampled, result: sampled };
  };
  const options = { slots: 2, signal: controller.signal };
  const running = collect(inOrder(upTo(5), hang, options));
  setTimeout(() => controller.abort(), 5);
  t.is((await t.throwsAsync(running, { instanceOf: ErprmError }))?.code, "ERPRM_ABORTED");
  const late = await t.throwsAsync(collect(inOrder(upTo(5), hang, options)), { instanceOf: ErprmError });
  t.is(late?.code, "ERPRM_ABORTED");
});

test("a reader that stops early stops the source and the work", async (t) => {
  let closed = false;
  async function* source() {
    try {
      for (let i = 0; ; i += 1) yield i;
    } finally {
      closed = true;
    }
  }
  for await (const value of inOrder(
    source(),
    startAfter(() => 1),
    { slots: 2 },
  )) {
    if (value === 2) break;
  }
  t.true(closed);
});
