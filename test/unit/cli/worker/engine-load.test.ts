import test from "ava";
import { EngineLoad } from "../../../../src/cli/worker/engine-load.js";
import type { RolloutPolicy } from "../../../../src/policy/rollout-policy.js";
import type { TrunkRequest } from "../../../../src/policy/trunk.js";
import { until } from "../../../support/until.js";

/** A policy whose completions are done when the test says so. */
function manualPolicy() {
  const stats = { promptTokens: 0, completionTokens: 0, completions: 0 };
  const trunks: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const policy = {
    stats: () => stats,
    rolloutTrunk: () => new Promise((resolve, reject) => trunks.push({ resolve: () => resolve([]), reject })),
  } as unknown as RolloutPolicy;
  return { policy, stats, trunks };
}

const trunkOf = (numCompletions: number) => ({ groups: [{ numCompletions }] }) as unknown as TrunkRequest;

test("units are asked for until those at hand will keep the engine busy, though it runs little of them yet", (t) => {
  const { policy } = manualPolicy();
  const load = new EngineLoad(policy, { expected: 100, wanted: 250 });
  t.is(load.room(), 3);
  const units = [load.begin(), load.begin()];
  t.is(load.room(), 1);
  // Its solutions: the completions of their prefixes are to come.
  void units[0]?.policy.rolloutTrunk(trunkOf(2));
  t.is(load.room(), 1);
  load.begin();
  t.is(load.room(), 0);
});

test("more is asked for when completions are done, not only when their unit is", (t) => {
  const { policy, stats } = manualPolicy();
  const load = new EngineLoad(policy, { expected: 100, wanted: 100 });
  const unit = load.begin();
  void unit.policy.rolloutTrunk(trunkOf(150));
  stats.completions = 50;
  t.is(load.room(), 0);
  stats.completions = 51;
  t.is(load.room(), 1);
  stats.completions = 149;
  t.is(load.room(), 1, "one fills the engine up");
});

test("units that are smaller or larger than was thought are noticed when some are done", (t) => {
  const { policy } = manualPolicy();
  const load = new EngineLoad(policy, { expected: 100, wanted: 100 });
  t.is(load.room(), 1);
  for (let i = 0; i < 9; i += 1) {
    const unit = load.begin();
    void unit.policy.rolloutTrunk(trunkOf(10)).catch(() => {});
    unit.end(true);
  }
  // (100 + 9 x 10) / 10 = 19 each, and 90 in the engine.
  t.is(load.room(), 1);
  const other = new EngineLoad(manualPolicy().policy, { expected: 100, wanted: 100 });
  for (let i = 0; i < 9; i += 1) other.begin().end(true);
  t.is(other.room(), 10);
  other.begin().end(false);
  t.is(other.room(), 10, "what failed says nothing");
});

test("a unit that has asked for all that it will ask for promises nothing more", (t) => {
  const { policy, stats } = manualPolicy();
  const load = new EngineLoad(policy, { expected: 100, wanted: 100 });
  const unit = load.begin();
  void unit.policy.rolloutTrunk(trunkOf(40));
  t.is(load.room(), 0);
  unit.allAsked();
  t.is(load.room(), 1);
  stats.completions = 40;
  t.is(load.room(), 1);
});

test("what was cancelled does not count as running for ever", async (t) => {
  const { policy, stats, trunks } = manualPolicy();
  const load = new EngineLoad(policy, { expected: 10, wanted: 100 });
  const unit = load.begin();
  const cancelled = unit.policy.rolloutTrunk(trunkOf(200));
  stats.completions = 30;
  t.is(load.room(), 0);
  trunks[0]?.reject(new Error("cancelled"));
  await t.throwsAsync(cancelled, { message: "cancelled" });
  unit.end(false);
  t.is(load.room(), 10);
  const next = load.begin();
  void next.policy.rolloutTrunk(trunkOf(95));
  next.allAsked();
  await until(() => trunks.length === 2);
  t.is(load.room(), 1);
  stats.completions = 30 + 90;
  t.is(load.room(), 10, "5 are left");
});
