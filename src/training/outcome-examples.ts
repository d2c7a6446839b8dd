/**
 * Graded or labelled solutions -> examples for an outcome reward model. The tags stand after every step, as in scoring;
 * the outcome is trained towards at the last one alone.
 */
import type { UnfitLabels } from "../data/read-solutions.js";
import type { LabelRecord, Outcome, Solution } from "../types.js";
import { type BuiltExamples, buildExamples, type Made, type Records, solutionName } from "./build-examples.js";
import type { RewardExample } from "./example.js";
import { encodeTagged, expectLabelled, oddLabels, type RewardExampleOptions } from "./step-examples.js";

/**
 * One example a solution, wrong ones too. Imported label records that do not tell the outcome have it where their last step
 * is terminal; otherwise they have no label.
 * @throws as `processExamples`
 */
export async function outcomeExamples(
  solutions: Records<Solution | LabelRecord | UnfitLabels>,
  options: RewardExampleOptions,
): Promise<BuiltExamples<RewardExample>> {
  const make = (solution: Solution | LabelRecord | UnfitLabels): Made<RewardExample> => {
    if ("unfit" in solution) return { fault: solution.unfit, found: solution.found };
    const { problemId, index, question } = solution;
    const steps = solution.steps.map((step) => (typeof step === "string" ? step : step.text));
    if (steps.length === 0) return { fault: "no-steps" };
    const outcome = outcomeOf(solution);
    if (outcome === undefined) return { fault: "no-labels", found: "no outcome" };
    if (outcome !== 0 && outcome !== 1) return { fault: "label-out-of-range", found: `outcome ${outcome}` };
    const encoded = encodeTagged({ question, steps }, options);
    if ("fault" in encoded) return encoded;
    const { tokenIds, positions } = encoded;
    return {
      example: {
        kind: "reward",
        problemId,
        index,
        tokenIds,
        positions: positions.slice(-1),
        labels: Float32Array.of(outcome),
        successRates: Float32Array.of(outcome),
        numCompletions: Int32Array.of(1),
        weights: Float32Array.of(1),
      },
    };
  };
  const built = await buildExamples("reward", solutions, solutionName, make, options);
  expectLabelled(built.store, built.store.size);
  return { ...built, notes: [...built.notes, ...oddLabels(built.store, "outcome")] };
}

function outcomeOf({ outcome, steps }: Solution | LabelRecord): Outcome | undefined {
  if (outcome !== undefined) return outcome;
  const last = steps.at(-1);
  return typeof last === "object" && last.terminal && last.numCompletions > 0
    ? last.numCorrect > 0
      ? 1
      : 0
    : undefined;
}
