/**
 * What a format of the field must do to be imported and exported, and the words for what gets lost on the way.
 */
import type { LabelName, LabelRecord, Outcome, StepCounts } from "../../types.js";
import type { Fields } from "../fields.js";

/** What could not be carried over, by what it is, with the number of records it happened in. */
export class Losses {
  readonly #counts = new Map<string, number>();

  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** In the order of first occurrence. */
  entries(): { what: string; numRecords: number }[] {
    return [...this.#counts].map(([what, numRecords]) => ({ what, numRecords }));
  }
}

/** A labelled solution as a format holds it; the importer adds what the format does not have. */
export interface ImportedSolution {
  /** Given by formats that name their problems. */
  problemId?: string;
  question: string;
  answer?: string;
  outcome?: Outcome;
  /** Texts that, concatenated, are the solution's text. */
  steps: string[];
  /** One label a step, in [0, 1]. */
  values: number[];
  /** The labels' name, where the record's form tells it. */
  label?: LabelName;
  /** What the format holds beside this; kept in the record's `origin` and given back to `write`. */
  extra?: Record<string, unknown>;
}

/** What an exporter sees of a label record. */
export interface ExportedSolution {
  record: LabelRecord;
  /** The labels that were asked for, one a step, in [0, 1]. */
  values: number[];
  target: LabelName;
  /** `extra` of the import, when the record came from this very format; else empty. */
  extra: Record<string, unknown>;
}

export interface Format {
  name: string;
  /** `binary`: the format's labels say right or wrong; `real`: they are numbers in [0, 1]. */
  labels: "binary" | "real";
  /** The name that imported labels get unless the caller knows better. */
  importedLabel: LabelName;
  /** What no record can bring into it, as noun phrases. */
  cannotHold: readonly string[];
  /** The solutions of one record: several where it holds a tree. @throws ERPRM_INVALID_DATA */
  read(fields: Fields, losses: Losses): ImportedSolution[];
  /** Undefined when the solution cannot be held at all, which `losses` then tells. */
  write(solution: ExportedSolution, losses: Losses): Record<string, unknown> | undefined;
}

/** Concatenable texts of a format that keeps steps apart and implies the separator between them. */
export function joinable(steps: readonly string[], separator = "\n"): string[] {
  return steps.map((step, i) => (i < steps.length - 1 ? step + separator : step));
}

/** Step texts without the white space around them; a loss where it is more than one `separator` between steps. */
export function trimmedSteps(steps: readonly StepCounts[], losses: Losses, separator = "\n"): string[] {
  const trimmed = steps.map(({ text }) => text.trim());
  const plain = joinable(trimmed, separator);
  if (steps.some(({ text }, i) => text !== plain[i])) losses.add("white space around steps");
  return trimmed;
}

/** @throws ERPRM_INVALID_DATA unless there is one label a step and at least one step. */
export function expectOneLabelEach(fields: Fields, name: string, numLabels: number, numSteps: number): void {
  if (numSteps === 0 || numLabels !== numSteps) {
    fields.fail(name, `one label for each step (${numSteps} steps, ${numLabels} labels)`);
  }
}

/** The outcome that the last label tells in formats which label a solution's last step by its outcome. */
export function outcomeOfLast(values: readonly number[]): { outcome?: Outcome } {
  const last = values[values.length - 1];
  return last === 0 || last === 1 ? { outcome: last } : {};
}

/** What our records hold and the usual format has no place for. */
export const usualLosses = [
  "problem id and index",
  "reference answer",
  "completion counts and standard errors",
  "labels other than the exported one",
] as const;
