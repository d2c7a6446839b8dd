import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { RewardModelConfig } from "../../../src/reward/convention.js";
import { resolveConvention } from "../../../src/reward/resolve-convention.js";
import {
  expectConventionOf,
  parseRewardModelConfig,
  readRewardModelConfig,
  writeRewardModelConfig,
} from "../../../src/reward/reward-model-config.js";
import { makeTextModel } from "../../support/fake-policy.js";
import { byteConvention } from "../../support/fake-reward-model.js";
import { makeFolder } from "../../support/folder.js";
import { llama, llamaChat, smollm } from "./conventions.js";

const config: RewardModelConfig = {
  version: 1,
  kind: "process",
  convention: byteConvention,
  aggregate: "min",
  training: { loss: "two-way", target: "er:1", baseModel: "f".repeat(64), updates: 10, seed: 0 },
};

/** The config with one field set to another value, `undefined` to leave it out. */
function changed(path: string, value: unknown): unknown {
  const copy = structuredClone(config) as unknown as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() as string;
  const holder = names.reduce((object, name) => object[name] as Record<string, unknown>, copy);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}

test("what is written is read back", async (t) => {
  const file = join(makeFolder(t), "reward_model.json");
  t.is(await readRewardModelConfig(file), undefined);
  for (const convention of [
    byteConvention,
    resolveConvention(llamaChat, { kind: "chat" }),
    resolveConvention(llama, { kind: "classification", layout: { afterTag: "\n", apart: true } }),
  ]) {
    await writeRewardModelConfig(file, { ...config, convention });
    t.deepEqual(await readRewardModelConfig(file), { ...config, convention });
  }
  t.true((await readFile(file, "utf8")).endsWith("}\n"));
});

test("what training adds to its record is kept", (t) => {
  t.deepEqual(parseRewardModelConfig(changed("training.learningRate", 1e-4), "x").training, {
    ...config.training,
    learningRate: 1e-4,
  } as never);
});

test("errors name the file and the field", (t) => {
  for (const [field, value] of [
    ["kind", "both"],
    ["aggregate", undefined],
    ["convention.kind", "tag"],
    ["convention.tag.tokenIds", []],
    ["convention.tag.text", undefined],
    ["convention.candidates.positive.tokenIds", [1, 2]],
    ["convention.candidates.negative.tokenIds.0", -1],
    ["convention.prompt.template", "no place for it"],
    ["training.updates", 1.5],
  ] as const) {
    t.throws(() => parseRewardModelConfig(changed(field, value), "m/reward_model.json"), {
      code: "ERPRM_INVALID_DATA",
      message: new RegExp(`Expected ${field.replaceAll(".", "\\.")} .*in m/reward_model\\.json`),
    });
  }
  t.throws(() => parseRewardModelConfig(changed("convention.tagg", 1), "x"), { message: /tagg/ });
  t.throws(() => parseRewardModelConfig([], "x"), { code: "ERPRM_INVALID_DATA" });
  t.throws(() => parseRewardModelConfig(null, "x"), { code: "ERPRM_INVALID_DATA" });
});

test("another version is refused as that", (t) => {
  t.throws(() => parseRewardModelConfig(changed("version", 2), "x"), { message: /version to be 1, .* received 2/ });
  t.throws(() => parseRewardModelConfig(changed("version", undefined), "x"), { message: /version/ });
});

test("text that is no JSON, and a config that could not be read back, are errors", async (t) => {
  const file = join(makeFolder(t), "reward_model.json");
  await writeFile(file, "{");
  await t.throwsAsync(readRewardModelConfig(file), { code: "ERPRM_INVALID_DATA", message: /Expected JSON/ });
  await t.throwsAsync(writeRewardModelConfig(file, { ...config, kind: "x" as never }), { code: "ERPRM_INVALID_DATA" });
});

test("a convention of another tokenizer is refused, naming the field", async (t) => {
  const text = await makeTextModel();
  t.is(expectConventionOf(text, byteConvention, 288, "x"), byteConvention);
  t.throws(() => expectConventionOf(smollm, byteConvention, 50_000, "x"), {
    code: "ERPRM_INVALID_DATA",
    message: /Expected convention\.tag to be tokens of this model that spell "\*"/,
  });
  t.throws(() => expectConventionOf(text, byteConvention, 44, "x"), { message: /candidates\.negative/ });
  const chat = resolveConvention(llamaChat, { kind: "chat" });
  t.is(expectConventionOf(llamaChat, chat, 50_000, "x"), chat);
});
