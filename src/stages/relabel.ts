/** Other labels from the counts of labelled solutions: no model, no sampling. */
import { labelSteps, plugIn } from "../data/step-labels.js";
import { ErprmError } from "../errors.js";
import type { Estimator, LabelRecord } from "../types.js";
import { labelNames } from "./label-names.js";

export interface RelabelOptions {
  etas?: readonly number[] | undefined;
  /** Default: the one that each record has. */
  estimator?: Estimator | undefined;
}

/**
 * The records with labels `hard`, `soft` and `er:ETA` of these etas, and none else.
 * @throws ERPRM_INVALID_ARGUMENT for an eta that is not finite, as `checkEstimator`; ERPRM_INVALID_DATA for an imported
 *   record without counts.
 */
export async function* relabelStage(
  records: Iterable<LabelRecord> | AsyncIterable<LabelRecord>,
  { etas, estimator }: RelabelOptions = {},
): AsyncGenerator<LabelRecord, void, undefined> {
  const names = labelNames(etas);
  for await (const record of records) {
    expectCounts(record);
    const { estimator: own, ...rest } = record;
    const wanted = estimator ?? own ?? plugIn;
    const how = wanted.kind === "plug-in" ? {} : { estimator: wanted };
    yield { ...rest, ...labelSteps(record.steps, names, wanted), ...how };
  }
}

/** @throws ERPRM_INVALID_DATA for a step whose labels were imported: there is nothing to compute others from */
export function expectCounts({ problemId, index, steps }: Pick<LabelRecord, "problemId" | "index" | "steps">): void {
  const uncounted = steps.findIndex(
    ({ numCompletions, inferredFrom }) => numCompletions === 0 && inferredFrom === undefined,
  );
  if (uncounted === -1) return;
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected steps[${uncounted}].numCompletions to be at least 1, received 0, in solution ${index} of problem ${JSON.stringify(problemId)}: labels can only be computed from counts`,
    { field: `steps[${uncounted}].numCompletions`, problemId, index },
  );
}
