/** `erprm evaluate`: its options. What it does is in run-evaluate.ts. */
import type { Command } from "commander";
import { aggregates } from "../../data/selection.js";
import { evaluationDefaults } from "../../stages/evaluation-settings.js";
import { maxInteger, type OptionSpec } from "../option.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions, runOptions, under } from "../stage-options.js";
import { rewardModelOptions, scoreOptions } from "./score.js";

const count = { type: "integer", low: 1, high: maxInteger } as const;

const inputOptions = [
  {
    name: "solutions",
    kind: { type: "text" },
    argument: "FILE",
    help: "graded solutions, several of each problem: of rollout or label (required)",
  },
  {
    name: "reward-model",
    kind: { type: "texts" },
    argument: "[NAME=]MODEL",
    help: "a reward model to score the solutions with: a model directory or a .gguf file; may be repeated",
  },
  {
    name: "scores",
    kind: { type: "texts" },
    argument: "[NAME=]FILE",
    help: "scores of these solutions that are there already (scores.jsonl of one reward model); may be repeated",
  },
  {
    name: "labels",
    kind: { type: "text" },
    argument: "FILE",
    help: "labels of the solutions: step scores are held against their counts",
    defaultText: "the counts that --solutions brings, if it does",
  },
  {
    name: "processbench",
    kind: { type: "texts" },
    argument: "[NAME=]FILE",
    help: "solutions with a first wrong step in ProcessBench form, scored with every --reward-model; may be repeated",
  },
] as const satisfies readonly OptionSpec[];

const evaluationOptions = under("Evaluation:", [
  {
    name: "num-candidates",
    kind: { type: "numbers" },
    argument: "LIST",
    help: "the Ns, comma-separated",
    defaultText: "1,2,4,... up to what at least half of the problems have",
  },
  {
    name: "aggregate",
    kind: { type: "choices", choices: [...aggregates, "all"] },
    argument: "LIST",
    help: "how step scores become a solution's score: min, last, mean, product, several with commas, or all; compared is a model's own, or the first",
    defaultText: "each model's own, min for process and last for outcome reward models",
  },
  {
    name: "threshold",
    kind: { type: "number", low: 0, high: 1, word: "auto" },
    argument: "X",
    help: "a step that scores below is taken for wrong; auto chooses it on half of the problems and measures on the others",
    default: "auto",
  },
  {
    name: "seed",
    kind: { type: "integer", low: 0, high: Number.MAX_SAFE_INTEGER },
    argument: "N",
    help: "seed of every random draw",
    default: evaluationDefaults.seed,
  },
  {
    name: "level",
    kind: { type: "number", low: 0.5, high: 0.999 },
    argument: "P",
    help: "of the intervals",
    default: evaluationDefaults.level,
  },
  {
    name: "num-bootstrap",
    kind: count,
    argument: "N",
    help: "draws of problems that the intervals come from",
    default: evaluationDefaults.numBootstrap,
  },
  {
    name: "num-flips",
    kind: count,
    argument: "N",
    help: "sign flips that the p-values come from, at least; 100 a comparison where that is more",
    default: evaluationDefaults.numFlips,
  },
  {
    name: "num-subsets",
    kind: count,
    argument: "N",
    help: "random subsets of a problem's candidates where there is no closed form",
    default: evaluationDefaults.numSubsets,
  },
] as const satisfies readonly OptionSpec[]);

type Kept<Specs extends readonly OptionSpec[], Name extends string> = readonly Exclude<Specs[number], { name: Name }>[];

function without<const Specs extends readonly OptionSpec[], const Name extends string>(specs: Specs, name: Name) {
  return specs.filter((spec) => spec.name !== name) as unknown as Kept<Specs, Name>;
}

const splitOption = scoreOptions.filter(
  (spec): spec is Extract<typeof spec, { name: "split" }> => spec.name === "split",
);

/** Of --reward-model alone. */
export const scoringOptions = [...without(rewardModelOptions, "reward-model"), ...splitOption] as const;

export const evaluateOptions = [
  ...inputOptions,
  ...evaluationOptions,
  ...scoringOptions,
  ...without(runOptions, "limit"),
  ...commonOptions,
] as const;

export function evaluateCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "evaluate",
      summary: "how well reward models choose among solutions, with intervals and paired comparisons",
      details: `Writes evaluation.json, evaluation.csv and, for every --reward-model, its scores in the run directory, and prints a table.

From the solutions of each problem: the accuracy of one at random (pass@1), of the majority vote, of best-of-N and the weighted
vote by each reward model, and of the best possible choice (pass@n), for every N. Each is the expectation over all choices of N
candidates where that can be computed, else the mean over random ones (marked ~). Intervals are by bootstrap over problems;
comparisons are paired by problem, with p-values corrected for their number (Holm).

With labels: how step scores compare with the success rates of completions (terminal steps are left out: their count is the
outcome), and how well they find the first wrong step. By labels that is the step after the last prefix from which a completion
was right; problems in which nothing was ever right (no completion, no solution) are left out. --processbench finds first wrong steps that people named.

Models are called after the last part of their path; NAME= gives another name. A model is scored in the run directory: a run
that is interrupted goes on with the same command.

Examples:
  erprm evaluate --solutions runs/pool/solutions.jsonl --reward-model runs/prm --reward-model runs/orm --out runs/evaluation
  erprm evaluate --solutions runs/labels/labels.jsonl --scores er=runs/er/scores.jsonl --scores hard=runs/hard/scores.jsonl \\
    --aggregate min,mean --out runs/evaluation
  erprm evaluate --solutions solutions.jsonl --reward-model prm --processbench gsm8k.jsonl --processbench math.jsonl --out runs/e`,
    },
    evaluateOptions,
    async () => (await import("../evaluate/run-evaluate.js")).runEvaluate(),
    surroundings,
  );
}
