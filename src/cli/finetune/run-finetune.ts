/** What `erprm finetune` does. */
import { realpath } from "node:fs/promises";
import { sep } from "node:path";
import { identityKey } from "../../data/manifest.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { ErprmError } from "../../errors.js";
import { type Finetuning, finetuneFile } from "../../evaluation/finetuning.js";
import { type FinetuneRecord, finetuneStage } from "../../stages/finetune.js";
import { writeJson } from "../../stages/finetune-files.js";
import { checkFinetune, type FinetuneStageOptions } from "../../stages/finetune-options.js";
import { needsScores } from "../../stages/finetune-selection.js";
import { parseStepRule } from "../../text/step-rule.js";
import type { finetuneOptions } from "../commands/finetune.js";
import { policyOptionsOf, promptSettings, required, solutionSampling } from "../policy-values.js";
import type { SessionNumbers } from "../session.js";
import type { Run } from "../stage-command.js";
import { withMemoryAdvice } from "../train/memory-advice.js";
import { peakMemoryBytes } from "../train/progress.js";
import { note, withRun } from "../with-run.js";
import { describeFinetuning } from "./description.js";
import { type FinetuneProblems, finetuneProblems } from "./problems.js";
import { FinetuneBars } from "./progress.js";
import { accuracyText, finetuneSummaryForm } from "./summary.js";
import { type FinetuneModels, nativeModels, openReward, refuseUnfitFlags, trainingOf } from "./values.js";

/** Starting over removes the rounds: no model may lie among them. */
async function refuseModelInside(out: string, option: string, model: string | undefined): Promise<void> {
  if (model === undefined) return;
  const inside = async () => (await realpath(model)).startsWith(`${await realpath(out)}${sep}`);
  // One of the two is not there, or is no path at all (builtin:tiny): the model does not lie in the directory.
  if (!(await inside().catch(() => false))) return;
  const message = `Expected --${option} to lie outside the run directory ${out}, received ${model}`;
  throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path: out });
}

/** What a person is told when a part of the run is complete. */
function recordText(record: FinetuneRecord): string {
  const { policy } = record.kind === "start" ? record : record.round;
  const accuracy = `greedy accuracy ${accuracyText(policy.accuracy)} on ${policy.n} held-out problems`;
  if (record.kind === "start") return `start: ${accuracy}`;
  const { roundIndex, rollout } = record.round;
  const { problemsUsed, problems, selected } = rollout;
  return `round ${roundIndex}: ${accuracy}; trained on ${selected} solutions of ${problemsUsed} of ${problems} problems`;
}

async function finetuneRun(
  run: RunDirectory,
  { training, heldOut, numShared }: FinetuneProblems,
  options: Omit<FinetuneStageOptions, "directory">,
  bars: FinetuneBars,
): Promise<SessionNumbers> {
  const startedAt = performance.now();
  const key = identityKey(run.manifest);
  const records = finetuneStage(training, { ...options, directory: run.path, key, progress: bars });
  let finetuning: Finetuning;
  for (;;) {
    const next = await records.next();
    if (next.done) {
      finetuning = next.value;
      break;
    }
    options.note?.(recordText(next.value));
  }
  await writeJson(run.file(finetuneFile), finetuning);
  const { rounds } = finetuning;
  const sum = (of: (round: Finetuning["rounds"][number]) => number) =>
    rounds.reduce((total, one) => total + of(one), 0);
  return {
    counts: {
      rounds: rounds.length,
      problems: training.length,
      heldOutProblems: heldOut.length,
      sharedProblems: numShared,
      solutions: sum(({ rollout }) => rollout.solutions),
      selected: sum(({ rollout }) => rollout.selected),
      updates: sum(({ training: { updates } }) => updates),
      trainedTokens: sum(({ training: { tokens } }) => tokens),
      peakMemoryBytes: peakMemoryBytes(),
    },
    timings: { ...bars.seconds, run: (performance.now() - startedAt) / 1000 },
  };
}

/** Rolling out and scoring may lack memory too, and other options help them. */
function isOfTraining(error: unknown): boolean {
  return error instanceof ErprmError && error.details.part === "train";
}

export function runFinetune(models: Partial<FinetuneModels> = {}): Run<typeof finetuneOptions> {
  const sources = { ...nativeModels, ...models };
  return async (values, given, surroundings) => {
    const { signal, stderr } = surroundings;
    const model = required("policy", values.policy, "a model directory or a .gguf file");
    const path = required("problems", values.problems, "a file with problems");
    const out = required("out", values.out, "the run directory");
    refuseUnfitFlags(values, given);
    const rewardName = needsScores(values.selection)
      ? required("reward-model", values.rewardModel, `--selection ${values.selection} goes by its scores`)
      : undefined;
    const problems = await finetuneProblems(path, values.heldOutProblems, values);
    const say = (text: string) => note(text, values, surroundings);
    if (problems.numShared > 0) say(`${problems.numShared} problems ask what held-out ones ask and are not trained on`);
    await refuseModelInside(out, "policy", model);
    await refuseModelInside(out, "reward-model", rewardName);
    const openPolicy = (name: string) => sources.openPolicy(name, policyOptionsOf(values, signal));
    const opened = await openPolicy(model);
    const { notes, ...training } = await trainingOf(model, values, sources, signal);
    const rewardModel = rewardName === undefined ? undefined : await openReward(rewardName, values, sources, signal);
    for (const text of new Set([...opened.notes, ...notes, ...(rewardModel?.opened.notes ?? [])])) say(text);
    const options: Omit<FinetuneStageOptions, "directory"> = {
      policy: { name: model, opened },
      ...{ openPolicy, trainer: sources.trainer, rewardModel, training, heldOut: problems.heldOut },
      selection: { rule: values.selection, threshold: values.threshold },
      numRounds: values.numRounds,
      numSolutions: values.numSolutions,
      problemsPerRound: values.problemsPerRound,
      sampling: solutionSampling(values),
      numDivergenceSolutions: values.divergenceSolutions,
      split: parseStepRule(values.split),
      prompt: promptSettings(values),
      seed: values.seed,
      keepPolicies: values.keepPolicies,
      ...{ note: say, signal },
    };
    checkFinetune(problems.training, { ...options, directory: out });
    const { heldOutProblems } = values;
    const inputs = { problems: path, ...(heldOutProblems !== undefined && { heldOutProblems }) };
    const bars = new FinetuneBars({ numRounds: values.numRounds, quiet: values.quiet, stream: stderr });
    await withRun(
      describeFinetuning(values, options, inputs, opened),
      { ...values, out },
      surroundings,
      (run) =>
        finetuneRun(run, problems, options, bars).catch((error: unknown) => {
          throw isOfTraining(error) ? withMemoryAdvice(error) : error;
        }),
      finetuneSummaryForm,
    );
  };
}
