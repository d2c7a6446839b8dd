/**
 * Labels and standard errors of steps as JSON text, the same bytes as `JSON.stringify(labelSteps(...))` has. Both depend on a
 * step's counts alone and counts repeat all the time: each pair is computed, and its numbers written out, once.
 */
import type { Estimator, StepCounts } from "../types.js";
import { parseLabelName } from "./label-name.js";
import { labelSteps } from "./step-labels.js";

/** What one pair of counts gives, by the names' places. */
interface CountText {
  labels: readonly number[];
  labelTexts: readonly string[];
  errorTexts: readonly string[];
}

/** Pairs of counts that are kept, at most. */
const maxKnown = 1 << 16;

export class LabelText {
  /** Canonical and each once: the order of the labels. */
  readonly names: readonly string[];
  readonly #estimator: Estimator;
  /** What stands before the labels of each name, and the end; likewise of the standard errors, which `hard` has none of. */
  readonly #labelFrame: readonly string[];
  readonly #errorFrame: readonly string[];
  /** By completions, then correct ones; terminal steps apart. */
  readonly #known = { measured: new Map<number, CountText[]>(), terminal: new Map<number, CountText[]>() };
  #numKnown = 0;

  /** @throws ERPRM_INVALID_ARGUMENT as `labelsFromCounts` */
  constructor(names: readonly string[], estimator: Estimator) {
    const parsed = names.map(parseLabelName);
    this.names = [...new Set(parsed.map(({ name }) => name))];
    this.#estimator = estimator;
    this.#labelFrame = frameOf(this.names);
    this.#errorFrame = frameOf(this.names.filter((name) => name !== "hard"));
  }

  /** What the step gives; of an inferred one, what the step gives that it is inferred from. @throws as `labelSteps` */
  of(step: StepCounts, steps: readonly StepCounts[]): CountText {
    const counts = step.inferredFrom === undefined || step.terminal ? step : (steps[step.inferredFrom] ?? step);
    const { numCompletions, numCorrect } = counts;
    const known = step.terminal ? this.#known.terminal : this.#known.measured;
    return known.get(numCompletions)?.[numCorrect] ?? this.#compute(known, numCompletions, numCorrect, step.terminal);
  }

  /** The values of the fields `labels` and `standardErrors`. @throws as `labelSteps` */
  write(steps: readonly StepCounts[]): { labels: string; standardErrors: string } {
    const labels: (readonly string[])[] = [];
    const errors: (readonly string[])[] = [];
    for (const step of steps) {
      const { labelTexts, errorTexts } = this.of(step, steps);
      labels.push(labelTexts);
      errors.push(errorTexts);
    }
    return { labels: fill(this.#labelFrame, labels), standardErrors: fill(this.#errorFrame, errors) };
  }

  #compute(known: Map<number, CountText[]>, numCompletions: number, numCorrect: number, terminal?: true): CountText {
    const step = { text: "", numCompletions, numCorrect, ...(terminal && { terminal }) };
    const { labels, standardErrors } = labelSteps([step], this.names, this.#estimator);
    const values = Object.values(labels).map(([label]) => label as number);
    const text = {
      labels: values,
      labelTexts: values.map((label) => JSON.stringify(label)),
      errorTexts: Object.values(standardErrors).map(([error]) => JSON.stringify(error)),
    };
    if (this.#numKnown >= maxKnown) {
      this.#known.measured.clear();
      this.#known.terminal.clear();
      this.#numKnown = 0;
    }
    this.#numKnown += 1;
    const ofCount = known.get(numCompletions) ?? [];
    ofCount[numCorrect] = text;
    known.set(numCompletions, ofCount);
    return text;
  }
}

/** `{"hard":[`, `],"soft":[`, `]}` */
function frameOf(names: readonly string[]): string[] {
  if (names.length === 0) return ["{}"];
  return [...names.map((name, i) => `${i === 0 ? "{" : "],"}${JSON.stringify(name)}:[`), "]}"];
}

/** `texts` are of each step in turn. */
function fill(frame: readonly string[], texts: readonly (readonly string[])[]): string {
  let text = "";
  for (let i = 0; i < frame.length - 1; i += 1) {
    text += frame[i];
    for (let t = 0; t < texts.length; t += 1) {
      if (t > 0) text += ",";
      text += texts[t]?.[i];
    }
  }
  return text + frame[frame.length - 1];
}
