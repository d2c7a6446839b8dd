/**
 * What models do once their device failed: node fault.js DEVICE LIBRARY. Loading LIBRARY makes the device fail (scripts/device-check/
 * fail-device.cc). One line of JSON a piece of work: what it was, and the code and message of its error, or no code where it succeeded.
 * The process ends by itself when all models are disposed of.
 */
import { openModel } from "../../../src/model/open-model.js";
import { loadNative } from "../../../src/native/loader.js";
import { makeRequest } from "../../support/tiny-engine.js";
import { nextTokenBatch, trainerDefaults } from "../../support/tiny-trainer.js";

const [device = "", library = ""] = process.argv.slice(2);
const native = loadNative();
const { checkpoint } = await openModel("models/tiny");
const policyOptions = { device, threads: 1, maxBatch: 4, kvMemoryBytes: 2 ** 26, prefillChunk: 64 };
const loadPolicy = () => native.loadPolicy(checkpoint, { ...policyOptions, weights: "bf16" });

const policy = await loadPolicy();
const rewardOptions = { device, weights: "bf16", threads: 1, kvMemoryBytes: 2 ** 26 } as const;
const rewardModel = await native.loadRewardModel(checkpoint, { ...rewardOptions, candidates: Int32Array.of(1, 2) });
const trainer = await native.createTrainer(checkpoint, { ...trainerDefaults, device, computeType: "bf16" });

const works: Record<string, () => Promise<unknown>> = {
  rollout: () => policy.rollout(makeRequest(1, 20, [{ prefixLength: 20, numCompletions: 4 }])),
  score: () => rewardModel.score(Int32Array.of(1, 2, 3), Int32Array.of(0, 3), Int32Array.of(2)),
  train: () => trainer.accumulate(nextTokenBatch([12, 7])),
};

async function tell(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
    console.log(JSON.stringify({ what }));
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    console.log(JSON.stringify({ what, code: code ?? "none", message }));
  }
}

async function tellAll(when: string): Promise<void> {
  for (const [name, work] of Object.entries(works)) await tell(`${name} ${when}`, work);
}

await tellAll("before");
const pending = tell("rollout meanwhile", works.rollout as () => Promise<unknown>);
try {
  process.dlopen({ exports: {} }, library);
} catch {
  // It is no addon, so Node refuses it; by then it was loaded.
}
await pending;
await tellAll("after");
await tellAll("again");
await tell("load again", loadPolicy);
await Promise.all([policy.dispose(), rewardModel.dispose(), trainer.dispose()]);
console.log(JSON.stringify({ what: "dispose" }));
