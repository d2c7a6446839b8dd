import test from "ava";
import { reconnectPace } from "../../../src/queue/reconnect-pace.js";

test("an attempt is due at once, the next one after the pause, whatever the date is", (t) => {
  let now = 1000;
  const delay = reconnectPace(500, () => now);
  t.is(delay(), Number.NEGATIVE_INFINITY);
  t.true(delay() >= 500 && delay() <= 600);
  now += 400;
  t.true(delay() >= 100 && delay() <= 200);
  now += 200;
  t.is(delay(), Number.NEGATIVE_INFINITY);
  t.true(delay() > 0);
});
