/** `erprm demo`: the whole method on problems of our own, in minutes. */
import type { Command } from "commander";
import { demoSizes } from "../demo/plan.js";
import { maxInteger } from "../option.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions, policyOptions } from "../stage-options.js";

const count = { type: "integer", low: 2, high: maxInteger } as const;
const [, , , threads] = policyOptions;
const [, json, quiet] = commonOptions;
const force = {
  name: "force",
  kind: { type: "switch" },
  help: "start over, whatever demo the directory holds",
  default: false,
} as const;

export const demoOptions = [
  { name: "out", kind: { type: "text" }, argument: "DIR", help: "where its runs go", default: "runs/demo" },
  { name: "policy", kind: { type: "text" }, argument: "MODEL", help: "another policy", default: "builtin:tiny" },
  {
    name: "num-problems",
    kind: count,
    argument: "N",
    help: "problems that are labelled and fine-tuned on",
    default: demoSizes.numProblems,
  },
  {
    name: "num-test-problems",
    kind: count,
    argument: "N",
    help: "problems that everything is measured on",
    default: demoSizes.numTestProblems,
  },
  {
    name: "seed",
    kind: { type: "integer", low: 0, high: maxInteger },
    argument: "N",
    help: "seed of every random draw",
    default: 0,
  },
  threads,
  force,
  json,
  quiet,
] as const;

export function demoCommand(surroundings: Surroundings): Command {
  return stageCommand(
    {
      name: "demo",
      summary: "the whole method in minutes: problems, labels, reward models, best of N, fine-tuning, report",
      details: `Runs the other commands one after the other on generated problems with the policy that comes with erprm, and shows each
command as it begins: solutions and labels, reward models of hard, soft and er:1 labels and of outcomes, what they are worth for
choosing among candidates, a round of fine-tuning, and a report to open in a browser. Everything stays in --out. An interrupted
demo goes on with the same command. A directory with other files, or with a demo of other options or another version, is left as
it is; --force starts a demo over, and removes nothing but what its runs wrote.`,
    },
    demoOptions,
    async () => (await import("../demo/run-demo.js")).runDemo,
    surroundings,
  );
}
