import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { finetuneOptions } from "../../../../src/cli/commands/finetune.js";
import { runFinetune } from "../../../../src/cli/finetune/run-finetune.js";
import { stageCommand } from "../../../../src/cli/stage-command.js";
import { processSurroundings } from "../../../../src/cli/surroundings.js";
import { FakeModels } from "../../../support/fake-finetuning.js";
import { makeFolder } from "../../../support/folder.js";
import { parityModels } from "../../../support/parity-models.js";
import { type RandomModel, writeRandomModel } from "../../../support/random-model.js";

const base = mkdtempSync(join(tmpdir(), "erprm-test-"));
const { config, ...rest } = parityModels.llama as RandomModel;
test.before(() => writeRandomModel(base, { ...rest, config: { ...config, max_position_embeddings: 1024 } }, 1));
test.after.always(() => rmSync(base, { recursive: true, force: true }));

const problems = Array.from({ length: 6 }, (_, i) => ({ id: `p${i}`, question: `What is ${i} + 1?`, answer: "4" }));

/** A fine-tuning that is there, and the same command with another path of its reward model; what the command prints. */
async function completeRun(t: ExecutionContext) {
  const folder = makeFolder(t, { "p.jsonl": problems.map((one) => JSON.stringify(one)).join("\n") });
  const models = new FakeModels(base);
  const finetune = async (rewardModel: string, ...more: string[]) => {
    const printed: string[] = [];
    const stdout = { write: (text: string) => printed.push(text) > 0 };
    const surroundings = { ...processSurroundings(), stdout, stderr: { write: () => true } };
    const run = runFinetune(models);
    const command = stageCommand({ name: "finetune", summary: "" }, finetuneOptions, async () => run, surroundings);
    const files = ["--policy", "start", "--problems", join(folder, "p.jsonl"), "--out", join(folder, "run")];
    const small = ["--held-out", "0.34", "--num-rounds", "1", "--num-solutions", "3", "--divergence-solutions", "0"];
    const selection = ["--selection", "top", "--reward-model", rewardModel, "--max-length", "600"];
    await command.parseAsync([...files, ...small, ...selection, ...more], { from: "user" });
    return printed.join("");
  };
  await finetune("models/prm");
  return { finetune, file: join(folder, "run", "finetune.json") };
}

test("a reward model that was moved is the same: the run is complete, and its files stay as they are", async (t) => {
  const { finetune, file } = await completeRun(t);
  const before = readFileSync(file, "utf8");
  t.regex(await finetune("elsewhere/prm"), /1 rounds in .* \(complete already\)/);
  t.is(readFileSync(file, "utf8"), before);
  await t.throwsAsync(finetune("elsewhere/prm", "--aggregate", "last"), {
    code: "ERPRM_RUN_CONFLICT",
    message: /option aggregate was/,
  });
});

test("a complete fine-tuning whose finetune.json is gone or broken says so, with --json too", async (t) => {
  const { finetune, file } = await completeRun(t);
  t.is(JSON.parse(await finetune("models/prm", "--json")).finetuning.numRounds, 1);
  for (const text of ["{", "{}"]) {
    writeFileSync(file, text);
    for (const more of [[], ["--json"]]) {
      await t.throwsAsync(finetune("models/prm", ...more), { code: "ERPRM_INVALID_DATA", message: /finetune\.json/ });
    }
  }
  rmSync(file);
  await t.throwsAsync(finetune("models/prm"), { code: "ERPRM_NOT_FOUND", message: /finetune\.json/ });
});
