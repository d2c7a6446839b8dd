/** The fields of a label record that say how its labels were come by: which steps were measured, with how many completions. */
import { ErprmError } from "../errors.js";
import type { Allocation, Estimator, StepCounts } from "../types.js";
import { dataError, failField } from "./data-error.js";
import type { Fields } from "./fields.js";
import { parseLabelName } from "./label-name.js";
import { checkEstimator, priorBounds } from "./step-labels.js";

const estimatorKinds = ["plug-in", "posterior"] as const;
const allocationKinds = ["fixed", "adaptive", "gain", "first-error"] as const;

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseEstimator(fields: Fields): Estimator {
  const kind = fields.oneOf("kind", estimatorKinds);
  if (kind === "plug-in") return { kind };
  const [low, high] = priorBounds;
  const prior = fields.numbers("prior", `a number from ${low} to ${high}`, (value) => value >= low && value <= high);
  if (prior.length !== 2) fields.fail("prior", "two numbers");
  return checkEstimator({ kind, prior: prior as [number, number] });
}

/** @throws ERPRM_INVALID_DATA {file, line, field} */
export function parseAllocation(fields: Fields): Allocation {
  const kind = fields.oneOf("kind", allocationKinds);
  if (kind === "fixed" || kind === "first-error") {
    const numCompletions = fields.integer("numCompletions", 1);
    if (kind === "fixed" || !fields.has("minCompletions")) return { kind, numCompletions };
    return { kind, numCompletions, minCompletions: fields.integer("minCompletions", 1, numCompletions) };
  }
  const minCompletions = fields.integer("minCompletions", 1);
  const maxCompletions = fields.integer("maxCompletions", minCompletions);
  const label = labelName(fields);
  return kind === "gain"
    ? { kind, label, gain: fields.number("gain"), minCompletions, maxCompletions }
    : { kind, label, tolerance: fields.number("tolerance"), minCompletions, maxCompletions };
}

function labelName(fields: Fields) {
  try {
    return parseLabelName(fields.value("label")).name;
  } catch (error) {
    if (!(error instanceof ErprmError)) throw error;
    return fields.fail("label", "soft or er:ETA");
  }
}

/** A step that is inferred was not measured, and the step that stands in for it was. @throws ERPRM_INVALID_DATA */
export function expectInferences({ place }: Fields, steps: readonly StepCounts[]): void {
  for (const [t, { inferredFrom, numCompletions }] of steps.entries()) {
    if (inferredFrom === undefined) continue;
    if (numCompletions > 0) failField(`steps[${t}].numCompletions`, "0 of an inferred step", numCompletions, place);
    if (!steps[inferredFrom]?.numCompletions) {
      const message = `Expected steps[${t}].inferredFrom to be the index of a step with completions, received ${inferredFrom}`;
      throw dataError(message, place, `steps[${t}].inferredFrom`);
    }
  }
}
