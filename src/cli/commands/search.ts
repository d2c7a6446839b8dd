/** `erprm search`: its options. What it does is in run-search.ts. */
import type { Command } from "commander";
import { aggregates } from "../../data/selection.js";
import { searchAlgorithms } from "../../search/search-record.js";
import { defaultBeams, defaultMaxSteps, defaultSearchAggregate, defaultWidth } from "../../stages/search.js";
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
import { rewardModelOptions } from "./score.js";

const count = { type: "integer", low: 1, high: maxInteger } as const;

const algorithmOptions = under("Search:", [
  {
    name: "algorithm",
    kind: { type: "choice", choices: searchAlgorithms },
    argument: "NAME",
    help: "beam (beam search), dvts (diverse verifier tree search) or best-of-n (whole solutions)",
    default: "beam",
  },
  {
    name: "beams",
    kind: count,
    argument: "N",
    help: "beam, dvts: steps sampled at each depth; a multiple of --width",
    default: defaultBeams,
  },
  {
    name: "width",
    kind: count,
    argument: "M",
    help: "beam, dvts: steps sampled behind each prefix that is kept, of which there are N / M",
    default: defaultWidth,
  },
  {
    name: "keep-equal",
    kind: { type: "switch" },
    help: "beam: keep copies of a prefix like other prefixes; without it one of them is kept",
    default: false,
  },
  {
    name: "num-solutions",
    kind: count,
    argument: "N",
    help: "best-of-n: solutions of each problem, at most",
    defaultText: `as many as --budget-tokens holds, without it ${defaultBeams}`,
  },
  {
    name: "budget-tokens",
    kind: count,
    argument: "B",
    help: "tokens sampled for each problem, at most, those that are thrown away included",
    defaultText: "no limit",
  },
  {
    name: "max-steps",
    kind: count,
    argument: "N",
    help: "beam, dvts: most steps of a solution",
    default: defaultMaxSteps,
  },
  {
    name: "aggregate",
    kind: { type: "choice", choices: aggregates },
    argument: "HOW",
    help: "how step scores become what prefixes and solutions are ranked by: min, last, mean or product",
    default: defaultSearchAggregate,
  },
] as const satisfies readonly OptionSpec[]);

const rewardOptions = under("Reward model:", [
  ...named(rewardModelOptions, ["reward-model", "convention", "step-tag", "tokens-per-batch"]),
  {
    name: "reward-dtype",
    kind: dtypeOption.kind,
    argument: "TYPE",
    help: "how its weights are held: as --dtype",
    defaultText: dtypeOption.defaultText,
  },
] as const);

const samplingOptions = named(solutionOptions, ["temperature", "top-p", "top-k", "min-p", "max-tokens", "stop"]);

const textOptions = under("Prompt and steps:", [
  ...named(promptOptions, ["system", "instruction", "prompt-template"]),
  {
    name: "split",
    kind: { type: "text" },
    argument: "RULE",
    help: "what ends a step: newline, blank-line, step-number or tag:TEXT; as the reward model's labels were cut",
    default: "newline",
  },
] as const);

export const searchOptions = [
  {
    name: "problems",
    kind: { type: "text" },
    argument: "FILE",
    help: "problems: .jsonl, .json, .jsonl.gz, .jsonl.zst or .parquet; ours, GSM8K or MATH (required)",
  },
  ...policyOptions,
  ...runOptions,
  ...algorithmOptions,
  ...rewardOptions,
  ...samplingOptions,
  ...textOptions,
  ...commonOptions,
] as const;

export function searchCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "search",
      summary: "search for solutions step by step, guided by a reward model",
      details: `Writes solutions.jsonl (one solution a problem, the one that was chosen), search.jsonl (what the search spent, and all it
found) and manifest.json in the run directory.

beam: N steps are sampled behind the prompt and scored, the best N / M prefixes are extended by M steps each, and so on.
dvts: the same in N / M trees of their own, each of which goes on with the best of its M. best-of-n: whole solutions, the
very ones that erprm rollout samples. In all of them the answer is the best solution that ended by itself; where none did,
the best of what a limit cut off. Scores rank by --aggregate: the last score says what is to be expected of a prefix, and
does not fall with its length alone, as minimum and product do.

--budget-tokens counts completions in a fixed order, as if they were sampled one after another; the one that does not fit is
lost, and the search ends with what it has. A beam search of N takes about as many tokens as N solutions: choose N by the
budget, or nothing may have ended when it is spent; dvts spends it tree by tree. --device, --threads and --kv-memory are of the policy and the reward model, each.

Examples:
  erprm search --policy model --reward-model runs/prm --problems gsm8k_test.jsonl --out runs/beam
  erprm search --policy model --reward-model runs/prm --problems gsm8k_test.jsonl --algorithm dvts --beams 64 --out runs/dvts
  erprm search --policy model --reward-model runs/prm --problems gsm8k_test.jsonl --algorithm best-of-n \\
      --budget-tokens 4000 --out runs/best`,
    },
    searchOptions,
    async () => (await import("../search/run-search.js")).runSearch(),
    surroundings,
  );
}
