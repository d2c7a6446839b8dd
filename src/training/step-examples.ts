/**
 * Labelled solutions -> examples for a process reward model: one position a step, the label of the step as target. Labels
 * are computed from the counts, which a stored label of the same name must not contradict; records that were imported
 * without counts bring their own.
 *
 * A record that is too long is left out whole: cut off, it would lose its last tags and with them their labels.
 */
import { expectOneOf } from "../check.js";
import { parseLabelName } from "../data/label-name.js";
import type { UnfitLabels } from "../data/read-solutions.js";
import { labelSteps } from "../data/step-labels.js";
import { ErprmError } from "../errors.js";
import type { Convention } from "../reward/convention.js";
import type { EncodedSteps, StepEncoder } from "../reward/encode-steps.js";
import { oddText } from "../reward/odd-text.js";
import type { LabelRecord, StepCounts } from "../types.js";
import {
  type BuildOptions,
  type BuiltExamples,
  buildExamples,
  type Fault,
  type Made,
  type Records,
  solutionName,
} from "./build-examples.js";
import type { RewardExample } from "./example.js";
import type { ExampleStore } from "./example-store.js";

/** `completions`: a position weighs as much as the completions behind its label, the mean weight being 1. */
export const weightings = ["none", "completions"] as const;
export type Weighting = (typeof weightings)[number];

/** `leave-out`: steps that were not measured (first-error search) stand in the text but are not trained towards. */
export const inferredStepUses = ["use", "leave-out"] as const;
export type InferredStepUse = (typeof inferredStepUses)[number];

export interface RewardExampleOptions extends BuildOptions {
  /** Places tags and tells where the labels stand (`stepEncoder`), with the convention it was made for. */
  encoder: StepEncoder;
  convention: Convention;
}

export interface StepExampleOptions extends RewardExampleOptions {
  /** `hard`, `soft` or `er:ETA`. */
  target: string;
  /** Default `none`. */
  weightBy?: Weighting | undefined;
  /** Default `use`. */
  inferredSteps?: InferredStepUse | undefined;
}

/**
 * One example a record.
 * @throws ERPRM_INVALID_ARGUMENT (target, options); ERPRM_INVALID_DATA when too many records are unfit, naming the first of
 *   each kind, or none is left; ERPRM_ABORTED; what `records` throws
 */
export async function processExamples(
  records: Records<LabelRecord | UnfitLabels>,
  options: StepExampleOptions,
): Promise<BuiltExamples<RewardExample>> {
  const target = parseLabelName(options.target).name;
  const weightBy = expectOneOf("the weighting", options.weightBy ?? "none", weightings);
  const inferredSteps = expectOneOf("the use of inferred steps", options.inferredSteps ?? "use", inferredStepUses);
  let numSteps = 0;
  const make = (record: LabelRecord | UnfitLabels): Made<RewardExample> => {
    if ("unfit" in record) return { fault: record.unfit, found: record.found };
    const { problemId, index, question, steps } = record;
    if (steps.length === 0) return { fault: "no-steps" };
    const labels = labelsOf(record, target);
    if ("fault" in labels) return labels;
    const encoded = encodeTagged({ question, steps: steps.map(({ text }) => text) }, options);
    if ("fault" in encoded) return encoded;
    const rates = successRatesOf(record, labels.values);
    const weights = weightBy === "none" ? steps.map(() => 1) : completionWeights(steps);
    const wanted = [...steps.keys()].filter((t) => inferredSteps === "use" || steps[t]?.inferredFrom === undefined);
    const ofWanted = (values: ArrayLike<number>) => wanted.map((t) => values[t] as number);
    return {
      example: {
        kind: "reward",
        problemId,
        index,
        tokenIds: encoded.tokenIds,
        positions: Int32Array.from(ofWanted(encoded.positions)),
        labels: Float32Array.from(ofWanted(labels.values)),
        successRates: Float32Array.from(ofWanted(rates)),
        numCompletions: Int32Array.from(ofWanted(steps.map(({ numCompletions }) => Math.max(numCompletions, 1)))),
        weights: Float32Array.from(ofWanted(weights)),
      },
      onKept: () => {
        numSteps += wanted.length;
      },
    };
  };
  const built = await buildExamples("reward", records, solutionName, make, options);
  expectLabelled(built.store, numSteps);
  if (weightBy === "completions") normaliseWeights(built.store);
  return { ...built, notes: [...built.notes, ...oddLabels(built.store, target)] };
}

/** Labels and tags are counted apart, so that none of them can get lost on the way without a word. */
export function expectLabelled(store: ExampleStore<RewardExample>, numLabels: number): void {
  if (store.numPositions === numLabels && store.labels().length === numLabels) return;
  throw new ErprmError(
    "ERPRM_INTERNAL",
    `Expected ${numLabels} labels at as many positions, received ${store.labels().length} at ${store.numPositions}`,
    { expected: numLabels, received: store.numPositions },
  );
}

type StepText = { question: string; steps: string[] };

/** The tokens and positions of all steps, each position checked against the convention by itself. */
export function encodeTagged(
  solution: StepText,
  { encoder, convention }: Pick<RewardExampleOptions, "encoder" | "convention">,
): EncodedSteps | Fault {
  const encoded = encoder.encode(solution);
  const { tokenIds, positions } = encoded;
  if (positions.length !== solution.steps.length) {
    return { fault: "labels-and-tags-differ", found: `${solution.steps.length} steps, ${positions.length} places` };
  }
  // A chat's score is read in front of the answer, a tag's at its last token.
  const [shift, ids] =
    convention.kind === "chat"
      ? [1, convention.candidates.positive.tokenIds.slice(0, 1)]
      : [0, convention.tag.tokenIds];
  for (const [t, position] of positions.entries()) {
    const end = position + shift + 1;
    const found = tokenIds.subarray(end - ids.length, end);
    const isTag = found.length === ids.length && ids.every((id, i) => found[i] === id);
    if (!isTag) return { fault: "wrong-tag", found: `step ${t} ends with the tokens ${found.join(", ")}` };
  }
  const odd = oddText(solution.steps, encoded, convention);
  return odd ? { fault: odd.what, found: odd.found } : encoded;
}

/** Labels are stored with three decimals here and there. */
const rounding = 0.00051;

/** Whoever edits labels and leaves the counts would train on what the counts say. */
function contradiction(labels: LabelRecord["labels"], target: string, computed: readonly number[]): Fault | undefined {
  const stored = storedLabels(labels, target);
  const step = stored?.findIndex((label, t) => Math.abs(label - (computed[t] as number)) > rounding) ?? -1;
  if (stored === undefined || step < 0) return undefined;
  const found = `step ${step}: ${target} ${stored[step]}, its counts give ${Number(computed[step]?.toPrecision(4))}`;
  return { fault: "labels-contradict-counts", found };
}

function labelsOf({ steps, labels, estimator }: LabelRecord, target: string): { values: number[] } | Fault {
  for (const [t, { numCompletions, numCorrect }] of steps.entries()) {
    if (!(numCorrect >= 0 && numCorrect <= numCompletions)) {
      return { fault: "label-out-of-range", found: `step ${t}: ${numCorrect} of ${numCompletions} correct` };
    }
  }
  if (steps.every(({ numCompletions, inferredFrom }) => numCompletions > 0 || inferredFrom !== undefined)) {
    const values = labelSteps(steps, [target], estimator).labels[target] as number[];
    return contradiction(labels, target, values) ?? { values };
  }
  const stored = storedLabels(labels, target);
  if (stored === undefined) return { fault: "no-labels", found: Object.keys(labels).join(", ") || "no labels" };
  if (stored.length !== steps.length) {
    return { fault: "labels-and-tags-differ", found: `${steps.length} steps, ${stored.length} labels` };
  }
  const outside = stored.findIndex((label) => !(label >= 0 && label <= 1));
  if (outside >= 0) return { fault: "label-out-of-range", found: `step ${outside}: ${stored[outside]}` };
  return { values: stored };
}

/** By meaning: `er:1.0` in a file is `er:1`. */
function storedLabels(labels: LabelRecord["labels"], target: string): number[] | undefined {
  return Object.entries(labels).find(([name]) => parseLabelName(name).name === target)?.[1];
}

/** The best that is known of each step's success rate: counts, else the stored soft label, else the target. */
function successRatesOf({ steps, labels }: LabelRecord, target: number[]): number[] {
  const soft = storedLabels(labels, "soft");
  return steps.map((step, t) => {
    const { numCompletions, numCorrect } =
      (step.inferredFrom === undefined ? undefined : steps[step.inferredFrom]) ?? step;
    if (numCompletions > 0) return numCorrect / numCompletions;
    const rate = soft?.[t] ?? (target[t] as number);
    return rate >= 0 && rate <= 1 ? rate : (target[t] as number);
  });
}

/** The outcome of a finished solution is known, not estimated from one completion: it weighs as the best known step. */
function completionWeights(steps: readonly StepCounts[]): number[] {
  const most = Math.max(1, ...steps.map(({ numCompletions }) => numCompletions));
  return steps.map(({ numCompletions, terminal }) => (terminal ? most : Math.max(numCompletions, 1)));
}

function normaliseWeights(store: ExampleStore<RewardExample>): void {
  let sum = 0;
  for (let i = 0; i < store.size; i++) sum += store.weightOf(i);
  store.scaleWeights(store.numPositions / sum);
}

/** What labels look like when they lost their meaning on the way here. */
export function oddLabels(store: ExampleStore<RewardExample>, target: string): string[] {
  const labels = store.labels();
  const [first] = labels;
  if (labels.every((label) => label === first)) return [`all ${labels.length} labels (${target}) are ${first}`];
  if (target !== "hard" && target !== "outcome" && labels.every((label) => label === 0 || label === 1)) {
    return [`all ${labels.length} labels (${target}) are 0 or 1: were they cut to whole numbers?`];
  }
  return [];
}
