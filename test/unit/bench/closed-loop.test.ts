import test from "ava";
import { closedLoop } from "../../bench/closed-loop.js";

/** Requests that are answered in the order they came, one every ten milliseconds of a clock of its own. */
function server(concurrency: number) {
  let clock = 0;
  const waiting: (() => void)[] = [];
  const seen = { most: 0, asked: [] as number[] };
  const ask = async (number: number) => {
    seen.asked.push(number);
    const answered = new Promise<void>((resolve) => waiting.push(resolve));
    seen.most = Math.max(seen.most, waiting.length);
    // Answers only when all who may ask have asked.
    if (waiting.length === concurrency) {
      clock += 10;
      waiting.shift()?.();
    }
    await answered;
  };
  return { ask, now: () => clock, seen };
}

test("counted answers are all measured under the full load, behind the warm-up", async (t) => {
  const { ask, now, seen } = server(4);
  const loop = closedLoop({ concurrency: 4, warmUp: 6, answers: 20, ask, now });
  // Those that are in flight when it is over are never answered here, so the loop itself does not end.
  await new Promise((resolve) => setImmediate(resolve));
  t.is(seen.most, 4);
  t.deepEqual(
    seen.asked,
    Array.from({ length: 6 + 20 + 3 }, (_, i) => i),
  );
  void loop;
});

test("rate and latencies are those of the counted answers alone", async (t) => {
  let clock = 0;
  const ask = async (number: number) => {
    clock += number < 3 ? 1000 : 10;
  };
  const result = await closedLoop({ concurrency: 1, warmUp: 3, answers: 5, ask, now: () => clock });
  t.deepEqual(result, { seconds: 0.05, milliseconds: [10, 10, 10, 10, 10], numbers: [3, 4, 5, 6, 7] });
});

test("without a warm-up the clock starts with the first request", async (t) => {
  let clock = 500;
  const ask = async () => {
    clock += 10;
  };
  const { seconds } = await closedLoop({ concurrency: 1, warmUp: 0, answers: 4, ask, now: () => clock });
  t.is(seconds, 0.04);
});

test("as many answers are counted as were asked for, however many are in flight at the end", async (t) => {
  const ask = () => new Promise<void>((resolve) => setImmediate(resolve));
  const { numbers, milliseconds } = await closedLoop({ concurrency: 16, warmUp: 5, answers: 40, ask });
  t.is(milliseconds.length, 40);
  t.is(new Set(numbers).size, 40);
});

test("a request that fails ends it", async (t) => {
  const ask = async (number: number) => {
    if (number === 7) throw new Error("status 500");
  };
  await t.throwsAsync(closedLoop({ concurrency: 2, warmUp: 0, answers: 100, ask }), { message: "status 500" });
});
