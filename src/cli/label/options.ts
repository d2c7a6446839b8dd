/** How many completions prefixes get, and how labels come from their counts: the options of `erprm label`, checked. */
import { jeffreys, plugIn, priorBounds } from "../../data/step-labels.js";
import { ErprmError } from "../../errors.js";
import { checkAllocation } from "../../labeling/allocation.js";
import type { Allocation, Estimator, LabelName } from "../../types.js";
import { refuseIdleFlags } from "../idle-flags.js";
import type { OptionSpec, OptionValues } from "../option.js";
import type { Given } from "../stage-command.js";
import { under } from "../stage-options.js";

const count = { type: "integer", low: 1, high: 2 ** 31 - 1 } as const;

export const allocationOptions = under("Fewer completions:", [
  {
    name: "tolerance",
    kind: { type: "number", low: 0, high: 0.5, openLow: true },
    argument: "X",
    help: "sample a prefix until the nominal 95 % interval of its label is at most plus or minus X, instead of --num-completions",
  },
  {
    name: "gain",
    kind: { type: "number", low: 0, high: 0.5, openLow: true },
    argument: "X",
    help: "sample a prefix while one more completion is expected to lower the squared error of its label by more than X",
  },
  {
    name: "adaptive-label",
    kind: { type: "text" },
    argument: "LABEL",
    help: "which label --tolerance or --gain is about: soft or er:ETA",
    defaultText: "soft",
  },
  {
    name: "min-completions",
    kind: count,
    argument: "K",
    help: "least of each prefix; with --first-error a prefix gets no more once one is correct",
    defaultText: "4 with --tolerance and --gain, --num-completions with --first-error",
  },
  {
    name: "max-completions",
    kind: count,
    argument: "K",
    help: "most of a prefix, with --tolerance and --gain",
    defaultText: "64",
  },
  {
    name: "first-error",
    kind: { type: "switch" },
    help: "of wrong solutions, complete only the prefixes that a binary search for the first step without a correct completion visits; the other steps' labels are inferred",
    default: false,
  },
] as const satisfies readonly OptionSpec[]);

export const estimatorOptions = under("Labels from counts:", [
  {
    name: "estimator",
    kind: { type: "choice", choices: ["plug-in", "posterior"] },
    argument: "NAME",
    help: "plug-in: the label of the share of correct completions; posterior: its mean given the counts",
    default: "plug-in",
  },
  {
    name: "prior",
    kind: { type: "text" },
    argument: "PRIOR",
    help: "of the success rate, for the posterior: jeffreys, A,B of a beta distribution, or, with --from, fitted to all counts",
    defaultText: "fitted with --from, else jeffreys",
  },
] as const satisfies readonly OptionSpec[]);

export const completionsFileOptions = [
  {
    name: "keep-completions",
    kind: { type: "switch" },
    help: "write completions.jsonl too: the text and outcome of every completion",
    default: false,
  },
] as const satisfies readonly OptionSpec[];

type AllocationValues = OptionValues<typeof allocationOptions> & { numCompletions: number };

/** @throws ERPRM_INVALID_ARGUMENT for options that leave each other without effect, or that make no allocation. */
export function allocationOf(values: AllocationValues, given: Given): Allocation {
  const { tolerance, gain, firstError, numCompletions, minCompletions, maxCompletions = 64 } = values;
  const ways = ["tolerance", "gain", "first-error"].filter((_, i) => [tolerance, gain, firstError || undefined][i]);
  if (ways.length > 1) {
    const received = ways.map((name) => `--${name}`).join(" and ");
    const message = `Expected one of --tolerance, --gain and --first-error, received ${received}`;
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: ways[1], received });
  }
  const [way] = ways;
  const isAdaptive = way === "tolerance" || way === "gain";
  refuseIdleFlags(given, [
    { names: ["adaptive-label", "max-completions"], why: "without --tolerance or --gain", when: !isAdaptive },
    { names: ["min-completions"], why: "without --tolerance, --gain or --first-error", when: way === undefined },
    { names: ["num-completions"], why: `together with --${way}, which has --max-completions`, when: isAdaptive },
  ]);
  if (way === undefined) return { kind: "fixed", numCompletions };
  if (way === "first-error") {
    const early = minCompletions === undefined ? {} : { minCompletions };
    return checkAllocation({ kind: "first-error", numCompletions, ...early });
  }
  const label = (values.adaptiveLabel ?? "soft") as LabelName;
  const common = { label, minCompletions: minCompletions ?? 4, maxCompletions };
  return checkAllocation(
    gain === undefined
      ? { kind: "adaptive", tolerance: tolerance as number, ...common }
      : { kind: "gain", gain, ...common },
  );
}

/** `fitted`: the prior is still to be fitted to the counts. */
export type WantedEstimator = Estimator | "fitted";

type EstimatorValues = OptionValues<typeof estimatorOptions>;

/** Of new labels. @throws ERPRM_INVALID_ARGUMENT */
export function estimatorOf(values: EstimatorValues, given: Given): Estimator {
  const estimator = wantedEstimator(values, given, "jeffreys");
  if (estimator !== "fitted") return estimator;
  const message = "Expected no --prior fitted without --from: a prior is fitted to counts that are all there";
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: "prior" });
}

/** Of labels from counts that are there. @throws ERPRM_INVALID_ARGUMENT */
export function relabelEstimatorOf(values: EstimatorValues, given: Given): WantedEstimator {
  return wantedEstimator(values, given, "fitted");
}

function wantedEstimator({ estimator, prior }: EstimatorValues, given: Given, usual: string): WantedEstimator {
  refuseIdleFlags(given, [{ names: ["prior"], why: "without --estimator posterior", when: estimator === "plug-in" }]);
  if (estimator === "plug-in") return plugIn;
  const wanted = prior ?? usual;
  return wanted === "fitted" ? wanted : { kind: "posterior", prior: parsePrior(wanted) };
}

function parsePrior(text: string): readonly [number, number] {
  if (text === "jeffreys") return jeffreys;
  const [low, high] = priorBounds;
  const parameters = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [a = Number.NaN, b = Number.NaN] = parameters;
  if (parameters.length !== 2 || !parameters.every((value) => value >= low && value <= high)) {
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      `Expected --prior to be jeffreys, fitted or two numbers A,B from ${low} to ${high}, received ${JSON.stringify(text)}`,
      { name: "prior", received: text },
    );
  }
  return [a, b];
}

/** What a manifest records: nothing for what has always been so, so that earlier runs can go on. */
export function labelIdentity(allocation: Allocation, estimator: Estimator): Record<string, unknown> {
  return {
    ...(allocation.kind === "fixed" ? { numCompletions: allocation.numCompletions } : { allocation }),
    ...(estimator.kind === "plug-in" ? {} : { estimator }),
  };
}
