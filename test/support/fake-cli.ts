/**
 * `erprm rollout`, `erprm label`, `erprm score` and `erprm evaluate` with fake models, as a process that can be killed. FAKE_DELAY_MS slows the
 * answers down, FAKE_BATCH is the number of slots; a process that samples for the problem FAKE_POISON kills itself.
 */
import { Command } from "commander";
import { evaluateOptions } from "../../src/cli/commands/evaluate.js";
import { labelOptions } from "../../src/cli/commands/label.js";
import { rolloutOptions } from "../../src/cli/commands/rollout.js";
import { scoreOptions } from "../../src/cli/commands/score.js";
import { searchOptions } from "../../src/cli/commands/search.js";
import { workerOptions } from "../../src/cli/commands/worker.js";
import { runEvaluate } from "../../src/cli/evaluate/run-evaluate.js";
import { runLabel } from "../../src/cli/label/run-label.js";
import { runRollout } from "../../src/cli/run-rollout.js";
import type { OpenRewardModel } from "../../src/cli/score/reward-model-options.js";
import { runScore } from "../../src/cli/score/run-score.js";
import { runSearch } from "../../src/cli/search/run-search.js";
import { stageCommand } from "../../src/cli/stage-command.js";
import { processSurroundings } from "../../src/cli/surroundings.js";
import { runWorker } from "../../src/cli/worker/run-worker.js";
import { exitCodeOf } from "../../src/errors.js";
import type { OpenedPolicy } from "../../src/policy/policy.js";
import { makeFakePolicy } from "./fake-policy.js";
import { makeFakeRewardModel } from "./fake-reward-model.js";

const delay = Number(process.env.FAKE_DELAY_MS ?? 0);
const maxBatch = Number(process.env.FAKE_BATCH ?? 2);

async function loadFake() {
  const { policy } = await makeFakePolicy({
    maxBatch,
    stopAtTexts: true,
    delayMs: (number) => delay * (1 + (number % 3)),
  });
  const rolloutTrunk = policy.rolloutTrunk.bind(policy);
  policy.rolloutTrunk = (request) => {
    if (request.problemId === process.env.FAKE_POISON) process.kill(process.pid, "SIGKILL");
    return rolloutTrunk(request);
  };
  return policy;
}

/** As with a real one, every loading gives another policy: a worker that stays loads it for each run, and disposes of it. */
const openFake = async (): Promise<OpenedPolicy> => {
  const { fingerprint, contextLength } = await loadFake();
  process.stderr.write("loaded\n");
  return { fingerprint, contextLength, notes: [], build: {}, load: loadFake };
};

const openFakeRewardModel: OpenRewardModel = async (name, { split }) => {
  // A model with a small context: some solutions that others can score are too long for it.
  const context = name === "fake-short" ? { contextLength: 60 } : {};
  const { rewardModel } = await makeFakeRewardModel({ name, split, delayMs: delay, ...context });
  process.stderr.write("loaded\n");
  const { fingerprint, config, contextLength } = rewardModel;
  const unfit = rewardModel.unfit.bind(rewardModel);
  return { fingerprint, config, contextLength, notes: [], build: {}, unfit, load: async () => rewardModel };
};

const surroundings = processSurroundings();
const program = new Command()
  .addCommand(
    stageCommand({ name: "rollout", summary: "" }, rolloutOptions, async () => runRollout(openFake), surroundings),
  )
  .addCommand(stageCommand({ name: "label", summary: "" }, labelOptions, async () => runLabel(openFake), surroundings))
  .addCommand(
    stageCommand({ name: "score", summary: "" }, scoreOptions, async () => runScore(openFakeRewardModel), surroundings),
  )
  .addCommand(
    stageCommand(
      { name: "evaluate", summary: "" },
      evaluateOptions,
      async () => runEvaluate(openFakeRewardModel),
      surroundings,
    ),
  );
program.addCommand(
  stageCommand({ name: "worker", summary: "" }, workerOptions, async () => runWorker(openFake), surroundings),
);
program.addCommand(
  stageCommand(
    { name: "search", summary: "" },
    searchOptions,
    async () => runSearch(openFake, openFakeRewardModel),
    surroundings,
  ),
);
try {
  await program.parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = exitCodeOf(error);
}
