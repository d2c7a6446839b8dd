/**
 * The options of the sampling stages, in the order of the help text. What changes the bytes of the results belongs to a
 * run's identity; threads, batch size and memory do not, because results do not depend on them.
 */
import { weightTypes } from "../native/contract.js";
import { maxInteger, type OptionSpec } from "./option.js";

/** The options under a heading of the help text. */
export function under<const Specs extends readonly OptionSpec[]>(group: string, specs: Specs): Specs {
  return specs.map((spec) => ({ ...spec, group })) as unknown as Specs;
}

const count = { type: "integer", low: 1, high: maxInteger } as const;

export const commonOptions = [
  {
    name: "config",
    kind: { type: "text" },
    argument: "FILE.yaml",
    help: "read options from a YAML file, by the names of the flags; flags win",
  },
  {
    name: "json",
    kind: { type: "switch" },
    help: "print the summary as one JSON object, the last line of standard output",
    default: false,
  },
  { name: "quiet", kind: { type: "switch" }, help: "no progress, no notes", default: false },
] as const satisfies readonly OptionSpec[];

export const runOptions = under("Run directory:", [
  {
    name: "out",
    kind: { type: "text" },
    argument: "DIR",
    help: "the run directory (required); the same command goes on with an unfinished one",
  },
  {
    name: "limit",
    kind: count,
    argument: "N",
    help: "read only the first N records of the input: problems, solutions or labels",
    defaultText: "all",
  },
  { name: "force", kind: { type: "switch" }, help: "start over, whatever run the directory holds", default: false },
] as const satisfies readonly OptionSpec[]);

export const dtypeOption = {
  name: "dtype",
  kind: { type: "choice", choices: weightTypes },
  argument: "TYPE",
  help: "how weights are held: f32 (exact), int8 (CPU: 8 bits a weight, faster) or bf16 (CUDA: what its fast products take)",
  defaultText: "f32, on CUDA bf16",
} as const satisfies OptionSpec;

export const policyOptions = under("Policy:", [
  {
    name: "policy",
    kind: { type: "text" },
    argument: "MODEL",
    help: "the policy: a model directory (Hugging Face layout), a .gguf file or builtin:tiny (required)",
  },
  { name: "device", kind: { type: "text" }, argument: "DEVICE", help: "cpu, cuda or cuda:INDEX", default: "cpu" },
  dtypeOption,
  {
    name: "threads",
    kind: { type: "integer", low: 1, high: 1024 },
    argument: "N",
    help: "threads that compute; results do not depend on it",
    defaultText: "all cores",
  },
  {
    name: "batch-size",
    kind: { type: "integer", low: 1, high: 65536 },
    argument: "N",
    help: "completions that run at the same time; results do not depend on it (on CUDA but for rounding)",
    defaultText: "64, on CUDA 512",
  },
  {
    name: "kv-memory",
    kind: { type: "bytes" },
    argument: "SIZE",
    help: "bound on the memory of keys and values; results do not depend on it (on CUDA but for rounding)",
    defaultText: "2GiB, on CUDA three quarters of what is free",
  },
  {
    name: "context-length",
    kind: count,
    argument: "N",
    help: "longest sequence, prompt included, in tokens",
    defaultText: "the model's own",
  },
  {
    name: "seed",
    kind: { type: "integer", low: 0, high: Number.MAX_SAFE_INTEGER },
    argument: "N",
    help: "seed of every random draw",
    default: 0,
  },
] as const satisfies readonly OptionSpec[]);

export const promptOptions = under("Prompt and steps:", [
  { name: "system", kind: { type: "text" }, argument: "TEXT", help: "system message" },
  {
    name: "instruction",
    kind: { type: "text" },
    argument: "TEXT",
    help: 'appended to the question on a line of its own; "" for none',
    defaultText: "step by step, answer in \\boxed{}; none with --prompt-template",
  },
  {
    name: "prompt-template",
    kind: { type: "text" },
    argument: "TEXT",
    help: "a plain text with {question} in it, instead of the model's chat template",
  },
  {
    name: "split",
    kind: { type: "text" },
    argument: "RULE",
    help: "what ends a step: newline, blank-line, step-number, tag:TEXT or auto (paragraphs where there are three, else lines)",
    default: "auto",
  },
] as const satisfies readonly OptionSpec[]);

const probability = { type: "number", low: 0, high: 1 } as const;
const temperature = { type: "number", low: 0, high: 1e6 } as const;
const nucleus = { type: "number", low: 0, high: 1, openLow: true } as const;

export const solutionOptions = under("Solutions:", [
  { name: "num-solutions", kind: count, argument: "N", help: "solutions of each problem", default: 16 },
  { name: "temperature", kind: temperature, argument: "T", help: "of the solutions; 0 is greedy", default: 0.7 },
  {
    name: "top-p",
    kind: nucleus,
    argument: "P",
    help: "keep the most probable tokens that hold this probability; 1 is off",
    default: 1,
  },
  {
    name: "top-k",
    kind: { type: "integer", low: 0, high: maxInteger },
    argument: "K",
    help: "keep the K most probable tokens; 0 is off",
    default: 0,
  },
  {
    name: "min-p",
    kind: probability,
    argument: "P",
    help: "keep tokens at least this share as probable as the best one; 0 is off",
    default: 0,
  },
  { name: "max-tokens", kind: count, argument: "N", help: "most tokens of a solution", default: 1024 },
  {
    name: "stop",
    kind: { type: "texts" },
    argument: "TEXT",
    help: "a text that ends a solution or completion, beside the model's end tokens; it stays in the text; may be repeated",
  },
] as const satisfies readonly OptionSpec[]);

export const completionOptions = under("Completions and labels:", [
  { name: "num-completions", kind: count, argument: "K", help: "completions of each prefix", default: 16 },
  {
    name: "completion-temperature",
    kind: temperature,
    argument: "T",
    help: "of the completions; 0 is greedy",
    default: 1,
  },
  { name: "completion-top-p", kind: nucleus, argument: "P", help: "as --top-p, of the completions", default: 1 },
  {
    name: "completion-top-k",
    kind: { type: "integer", low: 0, high: maxInteger },
    argument: "K",
    help: "as --top-k, of the completions",
    default: 0,
  },
  { name: "completion-min-p", kind: probability, argument: "P", help: "as --min-p, of the completions", default: 0 },
  { name: "completion-max-tokens", kind: count, argument: "N", help: "most tokens of a completion", default: 1024 },
  {
    name: "eta",
    kind: { type: "numbers" },
    argument: "LIST",
    help: "etas of the er:ETA labels, comma-separated; hard and soft are always there",
    default: [1, 2, 5],
    defaultText: "1,2,5",
  },
] as const satisfies readonly OptionSpec[]);
