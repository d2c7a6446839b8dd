/** `erprm demo`: a few problems, a small model, and what labels look like. */
import type { Command } from "commander";
import { maxInteger } from "../option.js";
import { type Surroundings, stageCommand } from "../stage-command.js";
import { commonOptions, policyOptions } from "../stage-options.js";

const count = { type: "integer", low: 1, high: maxInteger } as const;
const [, , dtype, threads] = policyOptions;
const [, json, quiet] = commonOptions;

export const demoOptions = [
  {
    name: "policy",
    kind: { type: "text" },
    argument: "MODEL",
    help: "another policy",
    defaultText: "builtin:tiny",
  },
  { name: "num-solutions", kind: count, argument: "N", help: "solutions of each problem", default: 3 },
  { name: "num-completions", kind: count, argument: "K", help: "completions of each prefix", default: 16 },
  {
    name: "seed",
    kind: { type: "integer", low: 0, high: maxInteger },
    argument: "N",
    help: "seed of every random draw",
    default: 0,
  },
  dtype,
  threads,
  json,
  quiet,
] as const;

export function demoCommand(surroundings: Surroundings): Command {
  return stageCommand(
    { name: "demo", summary: "label a few problems with a small model and show the labels" },
    demoOptions,
    async () => (await import("../run-demo.js")).runDemo(),
    surroundings,
  );
}
