import test from "ava";
import { AloneGate } from "../../../src/queue/alone.js";

/** Lets everything that can begin do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("many are inside together; one alone waits for them, and those behind it wait for it", async (t) => {
  const gate = new AloneGate();
  const inside: string[] = [];
  const enter = async (name: string, alone: boolean) => {
    const leave = await gate.enter(alone);
    inside.push(name);
    return () => {
      inside.splice(inside.indexOf(name), 1);
      leave();
    };
  };
  const [a, b] = await Promise.all([enter("a", false), enter("b", false)]);
  const alone = enter("alone", true);
  const behind = enter("behind", false);
  await settle();
  t.deepEqual(inside, ["a", "b"]);
  a();
  await settle();
  t.deepEqual(inside, ["b"]);
  b();
  const leaveAlone = await alone;
  await settle();
  t.deepEqual(inside, ["alone"]);
  leaveAlone();
  leaveAlone();
  await behind;
  t.deepEqual(inside, ["behind"]);
});

test("two that are alone are inside one after the other", async (t) => {
  const gate = new AloneGate();
  const first = await gate.enter(true);
  let isIn = false;
  const second = gate.enter(true).then((leave) => {
    isIn = true;
    return leave;
  });
  await settle();
  t.false(isIn);
  first();
  (await second)();
  t.true(isIn);
});
