/** One solution of a request: checked, encoded, scored, aggregated. */
import { aggregate, aggregates } from "../../data/selection.js";
import { ErprmError } from "../../errors.js";
import type { EncodedSteps } from "../../reward/encode-steps.js";
import type { Aggregate } from "../../types.js";
import { requestError } from "../http-status.js";
import type { ServiceLimits } from "../limits.js";
import type { ServedRewardModel } from "../models.js";
import { Pauses } from "./pauses.js";
import type { ScoredSolution, SolutionItem } from "./schema.js";

/** The same error about a place in the request's body. */
export function atField(error: unknown, place: string): unknown {
  if (
    !(error instanceof ErprmError) ||
    (error.code !== "ERPRM_INVALID_DATA" && error.code !== "ERPRM_INVALID_ARGUMENT")
  )
    return error;
  return new ErprmError(error.code, `${place}: ${error.message}`, { ...error.details, field: place }, error);
}

export function numCharactersOf({ question, steps }: SolutionItem): number {
  return steps.reduce((sum, step) => sum + step.length, question.length);
}

/** `place` is what comes before the names of its fields: "" or "items[3].". @throws 422 {field} */
export async function encodeSolution(
  model: ServedRewardModel,
  solution: SolutionItem,
  { maxCharacters }: ServiceLimits,
  signal: AbortSignal,
  place = "",
): Promise<EncodedSteps> {
  const numCharacters = numCharactersOf(solution);
  if (numCharacters > maxCharacters) {
    const message = `${place}steps: Expected at most ${maxCharacters} characters with the question, received ${numCharacters}`;
    throw requestError(422, message, { field: `${place}steps` }, "ERPRM_INVALID_DATA");
  }
  try {
    return await model.use((rewardModel) => rewardModel.encode(solution), signal);
  } catch (error) {
    throw atField(error, `${place}steps`);
  }
}

/** In order, with pauses for the others. */
export async function encodeSolutions(
  model: ServedRewardModel,
  items: readonly SolutionItem[],
  limits: ServiceLimits,
  signal: AbortSignal,
): Promise<EncodedSteps[]> {
  const encoded: EncodedSteps[] = [];
  const pauses = new Pauses();
  for (const [i, item] of items.entries()) {
    encoded.push(await encodeSolution(model, item, limits, signal, `items[${i}].`));
    await pauses.after(numCharactersOf(item));
  }
  return encoded;
}

export function scoredResult(
  model: string,
  { problemId, index }: SolutionItem,
  stepScores: number[],
  { tokenIds }: EncodedSteps,
): ScoredSolution {
  const scores = Object.fromEntries(aggregates.map((how) => [how, aggregate(stepScores, how)]));
  return {
    ...(problemId !== undefined && { problemId }),
    ...(index !== undefined && { index }),
    ...{ model, stepScores, scores: scores as Record<Aggregate, number>, numTokens: tokenIds.length },
  };
}
