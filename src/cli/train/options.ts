/** The options of `erprm train`, in the order of the help text. */

import { defaultRankTimeout } from "../../training/distributed/rank-place.js";
import { defaultMaxFaultShare } from "../../training/faults.js";
import { defaultHeldOutShare } from "../../training/held-out.js";
import { loraTargets } from "../../training/lora.js";
import { defaultOptimizer } from "../../training/run-update.js";
import { scheduleShapes } from "../../training/schedule.js";
import { defaultSpikeFactor } from "../../training/spike.js";
import { maxInteger, type OptionSpec } from "../option.js";
import { commonOptions, promptOptions, runOptions, under } from "../stage-options.js";

const text = { type: "text" } as const;
const count = { type: "integer", low: 1, high: maxInteger } as const;
const share = { type: "number", low: 0, high: 1 } as const;
/** Of one process. */
export const usualTokensPerBatch = 2048;
const positive = { type: "number", low: 0, high: 1e6, openLow: true } as const;

export const modelOptions = under("Model:", [
  {
    name: "model",
    kind: text,
    argument: "MODEL",
    help: "what training starts from: a model directory (Hugging Face layout), a .gguf file or builtin:tiny (required)",
  },
  {
    name: "init",
    kind: { type: "choice", choices: ["pretrained", "random"] },
    argument: "HOW",
    help: "pretrained: from the model's weights; random: from nothing, with the model's configuration and tokenizer",
    default: "pretrained",
  },
  { name: "device", kind: text, argument: "DEVICE", help: "cpu, cuda or cuda:INDEX", default: "cpu" },
  {
    name: "dtype",
    kind: { type: "choice", choices: ["f32", "bf16"] },
    argument: "TYPE",
    help: "of activations and products: f32, or bf16 on CUDA; weights are always kept in f32",
    default: "f32",
  },
  {
    name: "threads",
    kind: { type: "integer", low: 1, high: 1024 },
    argument: "N",
    help: "threads that compute; results do not depend on it",
    defaultText: "all cores",
  },
  {
    name: "seed",
    kind: { type: "integer", low: 0, high: Number.MAX_SAFE_INTEGER },
    argument: "N",
    help: "seed of the held-out split, the order of the examples and drawn weights",
    default: 0,
  },
  {
    name: "save-dtype",
    kind: { type: "choice", choices: ["f32", "bf16", "f16"] },
    argument: "TYPE",
    help: "how the trained weights are stored",
    default: "f32",
  },
] as const satisfies readonly OptionSpec[]);

export const adapterOptions = under("Adapter (LoRA):", [
  {
    name: "lora-rank",
    kind: { type: "integer", low: 0, high: 65536 },
    argument: "R",
    help: "train adapters of this rank instead of all weights; 0 is off",
    default: 0,
  },
  { name: "lora-alpha", kind: positive, argument: "A", help: "the adapter counts A / R times", defaultText: "2 R" },
  {
    name: "lora-targets",
    kind: text,
    argument: "LIST",
    help: "layers with adapters, comma-separated",
    default: loraTargets.join(","),
  },
  {
    name: "adapter",
    kind: text,
    argument: "DIR",
    help: "go on from this adapter of MODEL: adapter/ of an earlier training, or one that PEFT wrote; rank, alpha and targets are its own",
    defaultText: "a new adapter, or none",
  },
] as const satisfies readonly OptionSpec[]);

export const dataOptions = under("Examples:", [
  {
    name: "held-out",
    kind: { type: "number", low: 0, high: 0.9 },
    argument: "SHARE",
    help: "share of the problems that are evaluated on and never trained on; 0 for none",
    default: defaultHeldOutShare,
  },
  {
    name: "max-length",
    kind: count,
    argument: "N",
    help: "most tokens of an example; longer ones are left out whole and count as faults",
    defaultText: "the model's context, at most 4096",
  },
  {
    name: "max-faults",
    kind: share,
    argument: "SHARE",
    help: "share of the records that may be unfit for training; more is an error",
    default: defaultMaxFaultShare,
  },
] as const satisfies readonly OptionSpec[]);

/** `epochs` differs between the models. */
export const updateOptions = under("Updates:", [
  {
    name: "max-updates",
    kind: count,
    argument: "N",
    help: "stop after N updates; the schedule is laid over them",
    defaultText: "those of all epochs",
  },
  {
    name: "learning-rate",
    kind: positive,
    argument: "X",
    help: "the largest learning rate",
    defaultText:
      "by the model's size, 0.0003 below 10 million weights to 0.00001 above 3 billion; three times that for adapters and from nothing",
  },
  {
    name: "schedule",
    kind: { type: "choice", choices: scheduleShapes },
    argument: "SHAPE",
    help: "how the learning rate falls: cosine, linear or constant",
    default: "cosine",
  },
  {
    name: "warmup",
    kind: { type: "number", low: 0, high: maxInteger },
    argument: "N",
    help: "updates in which the learning rate rises; below 1 a share of all",
    default: 0.05,
  },
  {
    name: "weight-decay",
    kind: { type: "number", low: 0, high: 1e3 },
    argument: "X",
    help: "of AdamW; norms and biases have none",
    default: defaultOptimizer.weightDecay,
  },
  { name: "beta1", kind: { type: "number", low: 0, high: 0.999999 }, argument: "X", help: "of AdamW", default: 0.9 },
  { name: "beta2", kind: { type: "number", low: 0, high: 0.999999 }, argument: "X", help: "of AdamW", default: 0.95 },
  {
    name: "max-gradient-norm",
    kind: { type: "number", low: 0, high: 1e9 },
    argument: "X",
    help: "larger gradients are scaled down to this norm; 0 is off",
    default: defaultOptimizer.maxGradientNorm,
  },
  {
    name: "tokens-per-update",
    kind: count,
    argument: "N",
    help: "tokens that an update is made of, about",
    defaultText: "for 400 updates in all, from 1024 to 16384",
  },
  {
    name: "tokens-per-batch",
    kind: count,
    argument: "N",
    help: "most tokens of one forward and backward pass: memory grows with it",
    defaultText: `${usualTokensPerBatch}; of several processes at most an eighth of an update`,
  },
  {
    name: "gradient-checkpointing",
    kind: { type: "switch" },
    help: "compute activations again in the backward pass: less memory, about a third more time, the same results",
    default: false,
  },
] as const satisfies readonly OptionSpec[]);

export const watchOptions = under("Evaluation and checkpoints:", [
  {
    name: "evaluate-every",
    kind: count,
    argument: "N",
    help: "updates from one evaluation on the held-out problems to the next",
    defaultText: "ten evaluations in all",
  },
  {
    name: "early-stopping",
    kind: count,
    argument: "N",
    help: "stop after N evaluations in a row without a lower held-out loss, and save the weights that had the lowest",
    defaultText: "off: the last weights are saved",
  },
  {
    name: "spike-factor",
    kind: { type: "number", low: 0, high: 1e9 },
    argument: "X",
    help: "a loss X times the usual one ends the training, from the second update on; 0 is off",
    default: defaultSpikeFactor,
  },
  {
    name: "checkpoint-every",
    kind: count,
    argument: "N",
    help: "updates from one checkpoint to the next; results do not depend on it",
    defaultText: "every two minutes",
  },
] as const satisfies readonly OptionSpec[]);

export const rankOptions = under("Several processes (torchrun):", [
  {
    name: "rank-timeout",
    kind: { type: "integer", low: 1, high: 1_000_000 },
    argument: "SECONDS",
    help: "a process that does not come or answer for so long is lost: the others save a checkpoint and end",
    default: defaultRankTimeout,
  },
] as const satisfies readonly OptionSpec[]);

/** Of the help text. */
export const rankDetails = `Started by torchrun, or with its variables (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT), several processes are one training: each
computes some micro-batches of every update, rank 0 writes the run directory. The bytes are the same for any number of processes
from two, and a run may go on with another number; one process alone differs from them in the last bits.`;

/** The options that all trained models share; their inputs and `epochs` come before. */
export const trainOptions = [
  ...modelOptions,
  ...runOptions,
  ...dataOptions,
  ...updateOptions,
  ...adapterOptions,
  ...watchOptions,
  ...rankOptions,
  ...promptOptions,
  ...commonOptions,
] as const;

export const epochsOption = <const N extends number>(epochs: N) =>
  ({ name: "epochs", kind: count, argument: "N", help: "passes over the examples", default: epochs }) as const;

/** How a reward model is asked; texts must be tokens of the model's vocabulary. */
export const rewardOptions = under("Step tag:", [
  {
    name: "loss",
    kind: { type: "choice", choices: ["two-way", "binary", "squared"] },
    argument: "NAME",
    help: "two-way: cross-entropy over two candidate tokens at the step tag; binary, squared: a value head is added",
    default: "two-way",
  },
  {
    name: "step-tag",
    kind: text,
    argument: "TEXT",
    help: "what stands after every step",
    default: " ки",
    defaultText: '" ки"',
  },
  {
    name: "positive",
    kind: text,
    argument: "TEXT",
    help: "the candidate token of a good step (two-way)",
    defaultText: '" +"',
  },
  {
    name: "negative",
    kind: text,
    argument: "TEXT",
    help: "the candidate token of a bad step (two-way)",
    defaultText: '" -"',
  },
] as const satisfies readonly OptionSpec[]);
