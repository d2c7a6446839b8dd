import test from "ava";
import { interleave, type Row, type Run } from "../../bench/measure.js";

const row = (name: string, more: Partial<Row> = {}): Row => ({ name, command: [name], ...more });
const run = (othersShare: number): Run => ({ seconds: 1, peakBytes: 1, othersShare });

test("rows take turns, and slow ones stop after their rounds", async (t) => {
  const [a, b] = [row("a"), row("b", { maxRuns: 1 })];
  const order: string[] = [];
  const once = async ({ name }: Row) => {
    order.push(name);
    return run(0);
  };
  const results = await interleave([a, b], 3, () => {}, { once });
  t.deepEqual(order, ["a", "b", "a", "a"]);
  t.is(results.get(a)?.length, 3);
  t.is(results.get(b)?.length, 1);
});

test("a run on a busy machine is thrown away and repeated", async (t) => {
  const a = row("a");
  const shares = [0.5, 0.05, 0.02];
  const [counted, thrownAway]: [number[], number[]] = [[], []];
  await interleave([a], 2, (_, { othersShare }) => counted.push(othersShare), {
    mostOthersShare: 0.1,
    once: async () => run(shares.shift() as number),
    discard: (_, { othersShare }) => thrownAway.push(othersShare),
  });
  t.deepEqual(counted, [0.05, 0.02]);
  t.deepEqual(thrownAway, [0.5]);
});

test("a machine that stays busy leaves a row without runs instead of holding up the others", async (t) => {
  const [a, b] = [row("a"), row("b")];
  let tries = 0;
  const once = async ({ name }: Row) => {
    if (name === "a") tries += 1;
    return run(name === "a" ? 0.9 : 0);
  };
  const results = await interleave([a, b], 2, () => {}, { mostOthersShare: 0.1, tries: 3, once });
  t.is(tries, 6);
  t.deepEqual(results.get(a), []);
  t.is(results.get(b)?.length, 2);
});

test("a row that fails is told of and left out, and the others go on", async (t) => {
  const [a, b] = [row("a"), row("b")];
  const calls: string[] = [];
  const once = async ({ name }: Row) => {
    calls.push(name);
    if (name === "a" && calls.length > 2) throw new Error("out of memory");
    return run(0);
  };
  const failures: string[] = [];
  const results = await interleave([a, b], 3, () => {}, {
    once,
    fail: ({ name }, { message }) => failures.push(`${name}: ${message}`),
  });
  t.deepEqual(failures, ["a: out of memory"]);
  t.deepEqual(calls, ["a", "b", "a", "b", "b"]);
  t.deepEqual(results.get(a), []);
  t.is(results.get(b)?.length, 3);
  await t.throwsAsync(
    interleave([a], 1, () => {}, { once: () => Promise.reject(new Error("broken")) }),
    { message: "broken" },
  );
});
