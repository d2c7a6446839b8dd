/** `erprm score`: its options. What it does is in run-score.ts. */
import type { Command } from "commander";
import { maxInteger, type OptionSpec } from "../option.js";
import { shardHelp, shardOptions } from "../shard/options.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions, dtypeOption, runOptions } from "../stage-options.js";

const group = "Reward model:";
const count = { type: "integer", low: 1, high: maxInteger } as const;

export const rewardModelOptions = [
  {
    name: "reward-model",
    kind: { type: "text" },
    argument: "MODEL",
    help: "the reward model: a model directory (Hugging Face layout) or a .gguf file (required)",
    group,
  },
  {
    name: "convention",
    kind: { type: "text" },
    argument: "NAME",
    help: "how the model is asked: math-shepherd, er-prm, rlhflow, qwen2.5-math-prm, trl, or the path of a reward_model.json",
    defaultText: "the model's reward_model.json, else what its architecture says",
    group,
  },
  {
    name: "step-tag",
    kind: { type: "text" },
    argument: "TEXT",
    help: "the text after each step, where the model was trained with another one than its convention's",
    group,
  },
  {
    name: "device",
    kind: { type: "text" },
    argument: "DEVICE",
    help: "cpu, cuda or cuda:INDEX",
    default: "cpu",
    group,
  },
  { ...dtypeOption, group },
  {
    name: "threads",
    kind: { type: "integer", low: 1, high: 1024 },
    argument: "N",
    help: "threads that compute; scores do not depend on it",
    defaultText: "all cores",
    group,
  },
  {
    name: "tokens-per-batch",
    kind: count,
    argument: "N",
    help: "most tokens of a forward pass; scores do not depend on it",
    default: 4096,
    group,
  },
  {
    name: "kv-memory",
    kind: { type: "bytes" },
    argument: "SIZE",
    help: "bound on the memory of keys and values; scores do not depend on it, and CUDA keeps none",
    defaultText: "2GiB",
    group,
  },
  {
    name: "context-length",
    kind: count,
    argument: "N",
    help: "longest sequence (prompt, solution and tags) in tokens",
    defaultText: "the model's own",
    group,
  },
] as const satisfies readonly OptionSpec[];

export const scoreOptions = [
  {
    name: "solutions",
    kind: { type: "text" },
    argument: "FILE",
    help: "solutions, or labelled solutions (required)",
  },
  {
    name: "split",
    kind: { type: "text" },
    argument: "RULE",
    help: "how the steps were cut; joins steps that lost their line ends: newline, blank-line, step-number, tag:TEXT or auto",
    default: "auto",
  },
  {
    name: "max-faults",
    kind: { type: "number", low: 0, high: 1 },
    argument: "SHARE",
    help: "share of the solutions that may be left out, counted and named: longer than the context, without steps or with an empty one, with the step tag in their text; more is an error",
    default: 0,
  },
  ...rewardModelOptions,
  ...runOptions,
  ...shardOptions,
  ...commonOptions,
] as const satisfies readonly OptionSpec[];

export function scoreCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "score",
      summary: "score the steps of solutions with a reward model",
      details: `Writes scores.jsonl and manifest.json in the run directory: for every solution one score in (0, 1) a step, and the minimum,
last, mean and product of them. All steps of a solution are scored in one forward pass; the score of a step has seen the
question and the steps up to it. Where the solutions have outcomes, the summary says how well each of the four tells right
solutions from wrong ones: the mean of both, and the area under the curve (0.5 is chance, 1 is perfect).

A reward model of erprm brings its reward_model.json, which says how it is asked. For others there are conventions:
  math-shepherd     "question step ки", a line each; " +" against " -" at every ки
  er-prm            the same without the line ends
  rlhflow           a chat: the user says a step, the assistant + or -
  qwen2.5-math-prm  a value head of two outputs at <extra_0> after each step
  trl               a value head of two outputs at a line end after each step
The last two are found by the model's architecture.

${shardHelp}

Examples:
  erprm score --reward-model runs/prm --solutions runs/solutions/solutions.jsonl --out runs/scores
  erprm score --reward-model Llama3.1-Math-PRM --convention er-prm --solutions labels.jsonl --out runs/er-prm-scores
  erprm score --reward-model Qwen2.5-Math-PRM-7B --dtype int8 --solutions solutions.jsonl --out runs/qwen-scores`,
    },
    scoreOptions,
    async () => (await import("../score/run-score.js")).runScore(),
    surroundings,
  );
}
