/** `erprm problems`: its options. What it does is in run-problems.ts. */
import type { Command } from "commander";
import { difficulties } from "../../problems/difficulty.js";
import { splits } from "../../problems/split.js";
import { maxInteger } from "../option.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions } from "../stage-options.js";

export const problemsOptions = [
  {
    name: "split",
    kind: { type: "choice", choices: splits },
    argument: "NAME",
    help: splits.join(", "),
    default: "test",
  },
  {
    name: "num",
    kind: { type: "integer", low: 1, high: maxInteger },
    argument: "N",
    help: "how many; fewer are the first of more",
    default: 500,
  },
  {
    name: "seed",
    kind: { type: "integer", low: 0, high: Number.MAX_SAFE_INTEGER },
    argument: "N",
    help: "other problems of the same split",
    default: 0,
  },
  {
    name: "difficulty",
    kind: { type: "choice", choices: difficulties },
    argument: "NAME",
    help: "small-numbers (2 to 4 steps, no result above 24), easy (2 or 3 steps), default (2 to 7) or hard (4 to 7, larger numbers, more facts that nobody needs)",
    default: "default",
  },
  {
    name: "out",
    kind: { type: "text" },
    argument: "FILE",
    help: "a .jsonl, .json, .jsonl.gz, .jsonl.zst or .parquet file",
    defaultText: "standard output, as JSON Lines",
  },
  { name: "force", kind: { type: "switch" }, help: "replace the file if it is there", default: false },
  ...commonOptions,
] as const;

export function problemsCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "problems",
      summary: "generate arithmetic word problems with worked solutions",
      details: `A problem takes 2 to 7 steps with the four operations, fractions and percentages. Each has id, question, answer and a
solution with one step a line. Problem k is a function of split, seed, difficulty and k alone. The text of a question decides
its split, so what was trained on is never in the test, whatever the seed.

Examples:
  erprm problems --split test --num 500 --out test.jsonl
  erprm problems --split train --num 100000 --difficulty hard --out train.jsonl.gz`,
    },
    problemsOptions,
    async () => (await import("../run-problems.js")).runProblems,
    surroundings,
  );
}
