import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import test from "ava";
import { cpuSecondsOf, forgetPeakBytes, peakBytesOf } from "../../bench/process-usage.js";
import { until } from "../../support/until.js";

test("the processor time of a process is what it says itself", (t) => {
  const own = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const before = { proc: cpuSecondsOf(process.pid), own: own() };
  while (own() - before.own < 0.3);
  const difference = cpuSecondsOf(process.pid) - before.proc - (own() - before.own);
  // Ticks of a hundredth of a second, of user and system time each, at both ends.
  t.true(Math.abs(difference) < 0.05, `${difference}`);
});

test("the peak of a process's memory has seen what was freed, until it is forgotten", async (t) => {
  const resident = () => process.memoryUsage.rss();
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  let large: Buffer | undefined = Buffer.alloc(256 << 20, 1);
  const full = resident();
  large = undefined;
  await until(() => {
    collect();
    return resident() < full - (128 << 20);
  });
  t.true(peakBytesOf(process.pid) >= full);
  forgetPeakBytes(process.pid);
  t.true(peakBytesOf(process.pid) < full - (64 << 20));
  t.is(large, undefined);
});
