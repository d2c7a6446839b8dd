/** What /v1/score takes and gives. The client reads the same types. */
import { z } from "zod";
import type { Aggregate } from "../../types.js";
import type { ServiceLimits } from "../limits.js";

const identity = {
  problemId: z.string().max(1000).optional().describe("Given back with the scores"),
  index: z.int().min(0).optional().describe("Of the solution among those of its problem; given back with the scores"),
};

/** Fields that are not listed, such as those of a record of solutions.jsonl, are passed over. */
export function scoreSchemas({ maxItems, maxSteps }: Pick<ServiceLimits, "maxItems" | "maxSteps">) {
  const solution = {
    question: z.string().describe("The question that the solution answers"),
    steps: z
      .array(z.string())
      .min(1, "Expected at least one step")
      .max(maxSteps, `Expected at most ${maxSteps} steps`)
      .describe("The steps of the solution, in order, with or without their line ends"),
    ...identity,
  };
  const model = z
    .string()
    .max(1000)
    .optional()
    .describe("A reward model of this server; may be left out where it has one");
  const item = z.object({
    ...solution,
    model: z.undefined("Expected the model beside items, for all of them").optional(),
  });
  const line = z.object({ model, ...solution });
  const items = z.array(item).min(1, "Expected at least one item").max(maxItems, `Expected at most ${maxItems} items`);
  return { line, request: z.union([line, z.object({ model, items })]) };
}

/** A solution whose steps are to be scored. */
export interface SolutionItem {
  question: string;
  /** In order, with or without their line ends. */
  steps: readonly string[];
  /** Given back with the scores. */
  problemId?: string | undefined;
  /** Of the solution among those of its problem; given back with the scores. */
  index?: number | undefined;
}

export interface ScoreLine extends SolutionItem {
  model?: string | undefined;
}

const score = z.number().describe("In (0, 1)");

/** A record of scores.jsonl, where the request told problemId and index. */
/** What a service says of a solution; a record of scores.jsonl where `problemId` and `index` were told. */
export interface ScoredSolution {
  problemId?: string | undefined;
  index?: number | undefined;
  model: string;
  /** One score in (0, 1) a step; each has seen the question and the steps up to its own. */
  stepScores: number[];
  scores: Record<Aggregate, number>;
  /** Tokens that the model read. */
  numTokens: number;
}

export const scoredSolution: z.ZodType<ScoredSolution> = z.object({
  ...identity,
  model: z.string(),
  stepScores: z.array(score).describe("One score a step; each has seen the question and the steps up to its own"),
  scores: z.object({ min: score, last: score, mean: score, product: score }).describe("Aggregates of the step scores"),
  numTokens: z.int().describe("Tokens that the model read"),
});

export const scoreResponse = z.union([scoredSolution, z.object({ results: z.array(scoredSolution) })]);
