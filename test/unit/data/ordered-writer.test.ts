import test from "ava";
import fc from "fast-check";
import { OrderedWriter } from "../../../src/data/ordered-writer.js";
import type { ErprmError } from "../../../src/errors.js";

test("records come out in index order whatever order they arrive in and however slow the sink is", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.shuffledSubarray(
        Array.from({ length: 12 }, (_, i) => i),
        { minLength: 12 },
      ),
      async (s, order) => {
        const written: string[] = [];
        let isWriting = false;
        const writer = new OrderedWriter<string>(async (records) => {
          t.false(isWriting);
          isWriting = true;
          await s.schedule(Promise.resolve());
          written.push(...records);
          isWriting = false;
        });
        for (const index of order) void writer.put(index, index % 3 === 0 ? [] : [`${index}a`, `${index}b`]);
        const finished = writer.finish();
        await s.waitAll();
        await s.waitFor(finished);
        t.deepEqual(
          written,
          Array.from({ length: 12 }, (_, i) => i).flatMap((i) => (i % 3 === 0 ? [] : [`${i}a`, `${i}b`])),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a put that is capacity ahead of the first missing index waits until the head is written", async (t) => {
  const writer = new OrderedWriter<number>(async () => undefined, { capacity: 3 });
  await writer.put(2, [2]);
  let entered = false;
  const ahead = writer.put(3, [3]).then(() => {
    entered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.false(entered);
  await writer.put(0, [0]);
  await ahead;
  await writer.put(1, [1]);
  await writer.finish();
});

test("a failing sink fails every later put, waiting ones included, and nothing is written after it", async (t) => {
  let calls = 0;
  const writer = new OrderedWriter<number>(
    async () => {
      calls += 1;
      throw new Error("disk full");
    },
    { capacity: 2 },
  );
  const waiting = writer.put(5, [5]);
  await writer.put(0, [0]);
  await t.throwsAsync(waiting, { message: "disk full" });
  await t.throwsAsync(writer.put(1, [1]), { message: "disk full" });
  await t.throwsAsync(writer.finish(), { message: "disk full" });
  t.is(calls, 1);
});

test("an index twice is refused, a missing one is an error at the end", async (t) => {
  const writer = new OrderedWriter<number>(async () => undefined);
  await writer.put(0, [0]);
  await writer.put(2, [2]);
  t.is((await t.throwsAsync<ErprmError>(writer.put(2, [2]))).code, "ERPRM_INVALID_ARGUMENT");
  t.is((await t.throwsAsync<ErprmError>(writer.put(0, [0]))).code, "ERPRM_INVALID_ARGUMENT");
  t.regex((await t.throwsAsync<ErprmError>(writer.finish())).message, /index 1/);
});
