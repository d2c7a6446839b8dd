import test from "ava";
import {
  candidateSettings,
  chooseSetting,
  type LlamaCppSetting,
  parseSetting,
  trialCompletions,
  trialRate,
} from "../../bench/llama-cpp-setting.js";
import { randomPrompts } from "../../bench/prompts.js";
import { makeWorkload, sizesOf, type WorkloadSizes } from "../../bench/workload.js";

const make = (name: string) =>
  makeWorkload(randomPrompts(100), sizesOf(name) as WorkloadSizes, { model: "", threads: 2, batch: 64 });
const names = (settings: LlamaCppSetting[]) => settings.map(({ memory, slots }) => `${memory}:${slots}`);

test("every number of slots is tried in both kinds of cache", (t) => {
  t.deepEqual(names(candidateSettings(make("nested"), [32, 64])), ["unified:32", "split:32", "unified:64", "split:64"]);
});

test("slots are no more than completions, and leave a sequence for the trunk", (t) => {
  t.deepEqual(names(candidateSettings(make("batch-8"), [32, 64])), ["unified:8", "split:8"]);
  t.deepEqual(names(candidateSettings(make("nested"), [300])), ["unified:255", "split:255"]);
});

test("a single completion leaves nothing to try", (t) => {
  t.deepEqual(names(candidateSettings(make("single"), [32, 64])), ["unified:1"]);
});

test("the fastest of the trials is chosen, and one candidate is not tried", async (t) => {
  const candidates = candidateSettings(make("nested"), [32, 64]);
  const rates = new Map([
    ["unified:32", 5],
    ["split:32", 9],
    ["unified:64", 7],
    ["split:64", 8],
  ]);
  const best = await chooseSetting(candidates, async (setting) => rates.get(names([setting])[0] as string) as number);
  t.deepEqual(best, { memory: "split", slots: 32 });
  const only = { memory: "unified", slots: 4 } as const;
  t.is(await chooseSetting([only], () => Promise.reject(new Error("tried"))), only);
  t.is(await chooseSetting([], async () => 1), undefined);
});

test("a setting whose trials gave no number is not chosen, and none is where all were so", async (t) => {
  const candidates = candidateSettings(make("nested"), [32, 64]);
  const best = await chooseSetting(candidates, async ({ memory }) => (memory === "split" ? 3 : undefined));
  t.deepEqual(best, { memory: "split", slots: 32 });
  t.is(await chooseSetting(candidates, async () => undefined), undefined);
});

test("a trial fills its slots and is no more than the workload", (t) => {
  t.is(trialCompletions({ memory: "split", slots: 32 }, make("nested")), 64);
  t.is(trialCompletions({ memory: "split", slots: 128 }, make("nested")), 128);
  t.is(trialCompletions({ memory: "split", slots: 32 }, make("long")), 32);
});

test("the shared trunk's time does not count in a trial", (t) => {
  t.is(trialRate({ seconds: 5, trunkSeconds: 1, tokens: 200, peakBytes: 0, othersShare: 0 }), 50);
});

test("a setting is read from its name", (t) => {
  t.deepEqual(parseSetting("split:12"), { memory: "split", slots: 12 });
  for (const text of ["", "split", "split:0", "shared:3", "unified:3x"]) t.is(parseSetting(text), undefined, text);
});
