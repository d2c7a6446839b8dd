/**
 * `erprm train` with a fake trainer, as a process that can be killed. FAKE_DELAY_MS slows every call down; FAKE_NAN=K makes
 * the losses of update K no numbers, FAKE_MEMORY=K has none left for it.
 */
import { Command } from "commander";
import { trainOrmOptions } from "../../src/cli/commands/train-orm.js";
import { trainPolicyOptions } from "../../src/cli/commands/train-policy.js";
import { trainPrmOptions } from "../../src/cli/commands/train-prm.js";
import { stageCommand } from "../../src/cli/stage-command.js";
import { processSurroundings } from "../../src/cli/surroundings.js";
import { runTrainOrm } from "../../src/cli/train/run-train-orm.js";
import { runTrainPolicy } from "../../src/cli/train/run-train-policy.js";
import { runTrainPrm } from "../../src/cli/train/run-train-prm.js";
import { ErprmError, exitCodeOf } from "../../src/errors.js";
import type { NativeAddon } from "../../src/native/contract.js";
import { Trainer } from "../../src/training/trainer.js";
import type { TrainerSource } from "../../src/training/trainer-source.js";
import { openTrainingBase } from "../../src/training/training-base.js";
import { FakeTrainer } from "./fake-trainer.js";

const delayMs = Number(process.env.FAKE_DELAY_MS ?? 0);
const broken = Number(process.env.FAKE_NAN ?? 0);
const full = Number(process.env.FAKE_MEMORY ?? 0);
const addon = { buildInfo: { cuda: false } } as NativeAddon;

const source: TrainerSource = {
  open: (name, options) => openTrainingBase(name, options, () => addon),
  create: async (base, { loss, seed }) => {
    process.stderr.write("loaded\n");
    const spoil = (losses: Float32Array, numUpdates: number) => {
      if (numUpdates === broken - 1) losses[0] = Number.NaN;
      if (numUpdates === full - 1) throw new ErprmError("ERPRM_OUT_OF_MEMORY", `no memory for update ${full}`);
    };
    const options = { loss, delayMs, ...(seed !== undefined && { seed }), spoil };
    return new Trainer(new FakeTrainer(options), base);
  },
};

const surroundings = processSurroundings();
const command = <const S extends Parameters<typeof stageCommand>[1]>(
  name: string,
  options: S,
  run: Awaited<ReturnType<Parameters<typeof stageCommand<S>>[2]>>,
) => stageCommand({ name, summary: "" }, options, async () => run, surroundings);
const train = new Command("train")
  .addCommand(command("policy", trainPolicyOptions, runTrainPolicy(source)))
  .addCommand(command("prm", trainPrmOptions, runTrainPrm(source)))
  .addCommand(command("orm", trainOrmOptions, runTrainOrm(source)));
try {
  await new Command().addCommand(train).parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = exitCodeOf(error);
}
