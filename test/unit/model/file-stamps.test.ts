import { appendFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { expectUnchanged, stampFiles } from "../../../src/model/file-stamps.js";
import { Policy } from "../../../src/policy/policy.js";
import { RewardModel } from "../../../src/reward/reward-model.js";
import { makeFolder } from "../../support/folder.js";
import { writeTinyModel } from "../../support/tiny-engine.js";
import { writeTinyConfig } from "../../support/tiny-scoring.js";

test("a file that grew, was replaced, written anew or removed is named; one that was moved back is the same", async (t) => {
  const folder = makeFolder(t, { a: "first", b: "second" });
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  const stamps = await stampFiles([a, b]);
  await t.notThrowsAsync(expectUnchanged(stamps));
  renameSync(a, `${a}2`);
  await t.throwsAsync(expectUnchanged(stamps), { code: "ERPRM_NOT_FOUND" });
  renameSync(`${a}2`, a);
  await t.notThrowsAsync(expectUnchanged(stamps));
  appendFileSync(b, "!");
  await t.throwsAsync(expectUnchanged(stamps), {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /\/b as it was when the model was opened, 6 bytes of 2.*, found 7 bytes of 2/,
  });
  writeFileSync(b, "fourth");
  utimesSync(b, 1, 1);
  await t.throwsAsync(expectUnchanged(stamps), { message: /found 6 bytes of 1970/ });
  rmSync(b);
  await t.throwsAsync(expectUnchanged(stamps), { code: "ERPRM_NOT_FOUND" });
});

test("a model whose weights were written between opening and loading is not loaded", async (t) => {
  const folder = await writeTinyModel(t);
  await writeTinyConfig(folder);
  const options = { threads: 1, kvMemoryBytes: 1 << 20 };
  const opened = [await Policy.open(folder, options), await RewardModel.open(folder, options)];
  for (const one of opened) await (await one.load()).dispose();
  const weights = join(folder, "model.safetensors");
  utimesSync(weights, 1, 1);
  for (const one of opened) {
    await t.throwsAsync(one.load(), { code: "ERPRM_INVALID_CHECKPOINT", message: /model\.safetensors as it was/ });
  }
});
