/**
 * `erprm rollout` and `erprm label` with a fake policy, as a process that can be killed. FAKE_DELAY_MS slows the answers down,
 * FAKE_BATCH is the number of slots.
 */
import { Command } from "commander";
import { labelOptions } from "../../src/cli/commands/label.js";
import { rolloutOptions } from "../../src/cli/commands/rollout.js";
import { runLabel } from "../../src/cli/run-label.js";
import { runRollout } from "../../src/cli/run-rollout.js";
import { stageCommand } from "../../src/cli/stage-command.js";
import { processSurroundings } from "../../src/cli/surroundings.js";
import { exitCodeOf } from "../../src/errors.js";
import type { OpenedPolicy } from "../../src/policy/policy.js";
import { makeFakePolicy } from "./fake-policy.js";

const delay = Number(process.env.FAKE_DELAY_MS ?? 0);
const maxBatch = Number(process.env.FAKE_BATCH ?? 2);

const openFake = async (): Promise<OpenedPolicy> => {
  const { policy } = await makeFakePolicy({ maxBatch, delayMs: (number) => delay * (1 + (number % 3)) });
  process.stderr.write("loaded\n");
  return { fingerprint: policy.fingerprint, notes: [], build: {}, load: async () => policy };
};

const surroundings = processSurroundings();
const program = new Command()
  .addCommand(
    stageCommand({ name: "rollout", summary: "" }, rolloutOptions, async () => runRollout(openFake), surroundings),
  )
  .addCommand(stageCommand({ name: "label", summary: "" }, labelOptions, async () => runLabel(openFake), surroundings));
try {
  await program.parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = exitCodeOf(error);
}
