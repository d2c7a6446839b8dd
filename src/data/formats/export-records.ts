/**
 * Label records as records of a format of the field, one label of each.
 */
import { failArgument } from "../../check.js";
import { ErprmError } from "../../errors.js";
import type { LabelName, LabelRecord } from "../../types.js";
import { type ParsedLabelName, parseLabelName } from "../label-name.js";
import { labelSteps } from "../step-labels.js";
import { Losses } from "./format.js";
import { formatOf } from "./registry.js";

export interface ExportOptions {
  /** Which label: hard, soft, er:ETA. One that the records do not have is computed from their counts. */
  target: string;
  /** Filled with what the format could not hold, beside what it never holds (`lossesOf`). */
  losses?: Losses | undefined;
}

/**
 * Records of the format in input order; a solution that cannot be held at all is left out, and counted in `losses`.
 * @throws ERPRM_INVALID_ARGUMENT when the format has no place for such labels (numbers where it has right and wrong);
 *   ERPRM_INVALID_DATA {problemId, index} for a record with neither the label nor counts, or without steps.
 */
export async function* exportRecords(
  format: string,
  labels: AsyncIterable<LabelRecord> | Iterable<LabelRecord>,
  options: ExportOptions,
): AsyncIterable<Record<string, unknown>> {
  const { name, labels: kind, write } = formatOf(format);
  const target = parseLabelName(options.target);
  if (kind === "binary" && target.kind !== "hard") {
    failArgument("target", `hard, for ${name} holds right and wrong only`, options.target);
  }
  const losses = options.losses ?? new Losses();
  for await (const record of labels) {
    const values = valuesOf(record, target);
    const extra = record.origin?.format === name ? record.origin.fields : {};
    const written = write({ record, values, target: target.name, extra }, losses);
    if (written) yield written;
  }
}

function valuesOf(record: LabelRecord, { kind, name }: ParsedLabelName): number[] {
  const { problemId, index, steps, labels } = record;
  const fail = (message: string): never => {
    throw new ErprmError("ERPRM_INVALID_DATA", `${message}, in solution ${index} of ${problemId}`, {
      problemId,
      index,
    });
  };
  if (steps.length === 0) fail("Expected at least one step, found none");
  const there = labels[name];
  if (!there && steps.some(({ numCompletions, inferredFrom }) => numCompletions === 0 && inferredFrom === undefined)) {
    fail(`Expected a label ${name} or completion counts to compute it from, found ${Object.keys(labels).join(", ")}`);
  }
  const values = there ?? fromCounts(record, name);
  if (kind === "hard" && values.some((value) => value !== 0 && value !== 1)) fail("Expected hard labels to be 0 or 1");
  return values;
}

function fromCounts({ steps, estimator }: LabelRecord, name: LabelName): number[] {
  return labelSteps(steps, [name], estimator).labels[name] as number[];
}
