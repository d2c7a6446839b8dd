import test from "ava";
import { TokenRate } from "../../../src/service/token-rate.js";

test("the time that tokens take follows from the passes that were measured; nothing is said before the first", (t) => {
  const rate = new TokenRate();
  t.is(rate.secondsFor(100), undefined);
  rate.add(1000, 0.5);
  t.is(rate.secondsFor(4000), 2);
  t.is(rate.secondsFor(0), 0);
});

test("a model that got slower is known to be slow after some seconds of it", (t) => {
  const rate = new TokenRate();
  for (let i = 0; i < 100; i += 1) rate.add(10_000, 1);
  for (let i = 0; i < 60; i += 1) rate.add(100, 1);
  const seconds = rate.secondsFor(1000) as number;
  t.true(seconds > 5 && seconds <= 10, `${seconds}`);
});

test("a pass that took no time that could be measured does not break the rate", (t) => {
  const rate = new TokenRate();
  rate.add(100, 0);
  t.is(rate.secondsFor(100), undefined);
  rate.add(100, 1);
  const seconds = rate.secondsFor(200) as number;
  t.true(seconds >= 1 && seconds < 2, `${seconds}`);
});
