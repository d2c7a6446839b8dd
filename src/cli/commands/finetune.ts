/** `erprm finetune`: its options. What it does is in run-finetune.ts. */
import type { Command } from "commander";
import { aggregates } from "../../data/selection.js";
import { trainingSelections } from "../../evaluation/finetuning.js";
import { finetuneDefaults, roundDecays } from "../../stages/finetune-options.js";
import { maxInteger, named, type OptionSpec } from "../option.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import {
  commonOptions,
  dtypeOption,
  policyOptions,
  promptOptions,
  runOptions,
  solutionOptions,
  under,
} from "../stage-options.js";
import {
  adapterOptions,
  dataOptions,
  epochsOption,
  modelOptions,
  updateOptions,
  usualTokensPerBatch,
  watchOptions,
} from "../train/options.js";

const text = { type: "text" } as const;
const count = { type: "integer", low: 1, high: maxInteger } as const;

const problemOptions = [
  {
    name: "problems",
    kind: text,
    argument: "FILE",
    help: "problems: .jsonl, .json, .jsonl.gz, .jsonl.zst or .parquet; ours, GSM8K or MATH (required)",
  },
  {
    name: "held-out-problems",
    kind: text,
    argument: "FILE",
    help: "problems that every policy is evaluated on; those of --problems with the same question are left out",
    defaultText: "a share of --problems, see --held-out",
  },
  {
    name: "held-out",
    kind: { type: "number", low: 0, high: 0.9, openLow: true },
    argument: "SHARE",
    help: "share of --problems that is held out, where no file is given",
    default: 0.1,
  },
  {
    name: "problems-per-round",
    kind: count,
    argument: "N",
    help: "each round takes the next N of a random order of the problems, beginning anew at its end",
    defaultText: "all",
  },
] as const satisfies readonly OptionSpec[];

const selectionOptions = under("Rounds and selection:", [
  { name: "num-rounds", kind: count, argument: "K", help: "rounds", default: finetuneDefaults.numRounds },
  {
    name: "selection",
    kind: { type: "choice", choices: trainingSelections },
    argument: "RULE",
    help: "solutions that are trained on: top (the highest score of each problem, whatever its answer), top-correct (that among the right ones), correct (all right ones), threshold (all with a score of at least --threshold)",
    default: "top",
  },
  {
    name: "threshold",
    kind: { type: "number", low: 0, high: 1 },
    argument: "X",
    help: "smallest solution score that --selection threshold takes",
  },
  {
    name: "keep-policies",
    kind: { type: "choice", choices: ["all", "last"] },
    argument: "WHICH",
    help: "all: of every round, the best one need not be the last; last: a round's policy goes when the next round is complete",
    default: "all",
  },
  {
    name: "divergence-solutions",
    kind: { type: "integer", low: 0, high: maxInteger },
    argument: "N",
    help: "solutions of each held-out problem that are sampled to measure how far the policy is from the first one; 0 for none",
    default: finetuneDefaults.numDivergenceSolutions,
  },
] as const satisfies readonly OptionSpec[]);

const rewardOptions = under("Reward model:", [
  {
    name: "reward-model",
    kind: text,
    argument: "MODEL",
    help: "scores the solutions: a model directory or a .gguf file (required, but for --selection correct)",
  },
  {
    name: "convention",
    kind: text,
    argument: "NAME",
    help: "how it is asked, as for erprm score",
    defaultText: "its reward_model.json, else what its architecture says",
  },
  {
    name: "step-tag",
    kind: text,
    argument: "TEXT",
    help: "the text after each step, where it is not the convention's",
  },
  {
    name: "aggregate",
    kind: { type: "choice", choices: aggregates },
    argument: "HOW",
    help: "how step scores become the solution's score: min, last, mean or product",
    defaultText: "the reward model's own, else min",
  },
  {
    name: "reward-dtype",
    kind: dtypeOption.kind,
    argument: "TYPE",
    help: "how its weights are held: as --dtype",
    defaultText: dtypeOption.defaultText,
  },
] as const satisfies readonly OptionSpec[]);

const ownTexts: Record<string, { help?: string; defaultText: string }> = {
  "learning-rate": {
    help: "the largest learning rate of the first round",
    defaultText: "a third of what erprm train policy takes",
  },
  "tokens-per-batch": { defaultText: String(usualTokensPerBatch) },
};
const ownUpdateOptions = updateOptions.map((option) => ({
  ...option,
  ...ownTexts[option.name],
})) as unknown as typeof updateOptions;

const trainingOptions = under("Updates:", [
  { ...epochsOption(2), help: "passes over the selected solutions of a round" },
  {
    name: "round-decay",
    kind: { type: "choice", choices: roundDecays },
    argument: "HOW",
    help: "linear: round k of K begins at the learning rate times (K - k + 1) / K; none: at the learning rate",
    default: "linear",
  },
  ...ownUpdateOptions,
  ...named(watchOptions, ["spike-factor", "checkpoint-every"]),
  ...named(dataOptions, ["max-length", "max-faults"]),
  {
    name: "train-dtype",
    kind: { type: "choice", choices: ["f32", "bf16"] },
    argument: "TYPE",
    help: "of activations and products in training: f32, or bf16 on CUDA; weights are trained in f32",
    default: "f32",
  },
  ...named(modelOptions, ["save-dtype"]),
] as const);

/** Sampled for training, not for labels: as diverse as the policy is. */
const sampledOptions = solutionOptions.map((option) =>
  option.name === "temperature" ? { ...option, default: finetuneDefaults.temperature } : option,
) as unknown as typeof solutionOptions;

export const finetuneOptions = [
  ...problemOptions,
  ...policyOptions,
  ...runOptions,
  ...selectionOptions,
  ...rewardOptions,
  ...sampledOptions,
  ...trainingOptions,
  ...named(adapterOptions, ["lora-rank", "lora-alpha", "lora-targets"]),
  ...promptOptions,
  ...commonOptions,
] as const;

export function finetuneCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "finetune",
      summary: "fine-tune a policy on its own best solutions, round by round (RAFT)",
      details: `Each round begins with the policy of the round before: solutions of every problem are rolled out and scored, some of them
selected, and the policy is trained on those (next-token loss, as erprm train policy). Then it solves the held-out problems
greedily. Solutions that the length limit cut off are never trained on. A problem without a usable solution is dropped and
counted; a round without any ends the run (exit 2).

The run directory holds finetune.json, start/, and for each round round-K/ with solutions, scores, selected solutions, the
trained policy (round-K/policy, Hugging Face layout) and its greedy solutions. A run that was killed goes on within its
round with the same command, and ends with the same bytes. With --lora-rank each round trains a new adapter and adds it in.

Examples:
  erprm finetune --policy model --problems gsm8k_train.jsonl --reward-model runs/prm --out runs/raft
  erprm finetune --policy model --problems train.jsonl --held-out-problems test.jsonl --reward-model runs/prm \\
      --selection top-correct --num-rounds 5 --learning-rate 1e-5 --out runs/raft-correct
  erprm finetune --policy builtin:tiny --problems problems.jsonl --selection correct --num-rounds 1 --out runs/correct`,
    },
    finetuneOptions,
    async () => (await import("../finetune/run-finetune.js")).runFinetune(),
    surroundings,
  );
}
