import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { finetuneOptions } from "../../../../src/cli/commands/finetune.js";
import { runFinetune } from "../../../../src/cli/finetune/run-finetune.js";
import { stageCommand } from "../../../../src/cli/stage-command.js";
import { processSurroundings } from "../../../../src/cli/surroundings.js";
import { ErprmError } from "../../../../src/errors.js";
import type { OpenedPolicy } from "../../../../src/policy/policy.js";
import { FakeModels } from "../../../support/fake-finetuning.js";
import { makeFolder } from "../../../support/folder.js";
import { parityModels } from "../../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../../support/random-model.js";

const base = mkdtempSync(join(tmpdir(), "erprm-test-"));
const { config, ...rest } = parityModels.llama as RandomModel;
test.before(() => writeRandomModel(base, { ...rest, config: { ...config, max_position_embeddings: 1024 } }, 1));
test.after.always(() => rmSync(base, { recursive: true, force: true }));

const problems = Array.from({ length: 6 }, (_, i) => ({ id: `p${i}`, question: `What is ${i} + 1?`, answer: "4" }));
const surroundings = { ...processSurroundings(), stdout: { write: () => true }, stderr: { write: () => true } };

async function finetune(folder: string, models: FakeModels, ...more: string[]): Promise<void> {
  const run = runFinetune(models);
  const command = stageCommand({ name: "finetune", summary: "" }, finetuneOptions, async () => run, surroundings);
  const files = ["--policy", "start", "--problems", join(folder, "p.jsonl"), "--out", join(folder, "run")];
  const small = ["--held-out", "0.34", "--num-rounds", "1", "--num-solutions", "3", "--divergence-solutions", "0"];
  const all = [...files, ...small, "--selection", "correct", "--max-length", "600", ...more];
  await command.parseAsync(all, { from: "user" });
}

test("a round's training that ran out of memory says which round, what helps as erprm train does, and goes on with it", async (t) => {
  const folder = makeFolder(t, { "p.jsonl": problems.map((one) => JSON.stringify(one)).join("\n") });
  const models = new FakeModels(base);
  models.noMemory = true;
  await t.throwsAsync(finetune(folder, models), {
    code: "ERPRM_OUT_OF_MEMORY",
    message:
      /^no memory for an update, in the training of round 1; the same command goes on .* with --gradient-checkpointing .* smaller --tokens-per-batch or --max-length/,
  });
  models.noMemory = false;
  await t.notThrowsAsync(finetune(folder, models, "--gradient-checkpointing"));
});

test("a policy that cannot be loaded for want of memory is not given the advice of a training", async (t) => {
  const folder = makeFolder(t, { "p.jsonl": problems.map((one) => JSON.stringify(one)).join("\n") });
  const models = new FakeModels(base);
  models.openPolicy = async (): Promise<OpenedPolicy> => {
    const load = () => Promise.reject(new ErprmError("ERPRM_OUT_OF_MEMORY", "no memory for weights"));
    return { fingerprint: "f".repeat(64), contextLength: 512, notes: [], build: {}, load };
  };
  await t.throwsAsync(finetune(folder, models), { code: "ERPRM_OUT_OF_MEMORY", message: "no memory for weights" });
});
