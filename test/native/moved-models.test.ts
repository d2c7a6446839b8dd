/** What test/support/on-device.ts does to the addon: device-check runs other tests on a card by it. */
import test from "ava";
import { accelerator } from "../support/accelerator.js";
import { redirectTo } from "../support/redirect-device.js";

test("models in f32 on the processor are moved, those asked for elsewhere and in int8 are not", async (t) => {
  const asked: [string, string | undefined][] = [];
  const note = (name: string) => async (_: unknown, options: { device?: string }) => {
    asked.push([name, options.device]);
  };
  const addon = { loadPolicy: note("policy"), loadRewardModel: note("reward model"), createTrainer: note("trainer") };
  redirectTo(addon as never, accelerator);
  await addon.loadPolicy(undefined, { weights: "f32" } as never);
  await addon.loadRewardModel(undefined, { weights: "f32", device: "cpu" } as never);
  await addon.createTrainer(undefined, { computeType: "f32", device: "cpu" } as never);
  await addon.loadPolicy(undefined, { weights: "int8" } as never);
  await addon.loadPolicy(undefined, { weights: "bf16", device: "cuda:3" } as never);
  t.deepEqual(asked, [
    ["policy", accelerator],
    ["reward model", accelerator],
    ["trainer", accelerator],
    ["policy", undefined],
    ["policy", "cuda:3"],
  ]);
});
