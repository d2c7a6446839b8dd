/** What /v1/grade gives. The client reads the same type. */
import { z } from "zod";
import type { Outcome } from "../../types.js";

/** The outcome of a solution, as a service tells it. */
export interface Grade {
  outcome: Outcome;
  /** What was compared: extracted from the solution, null where it states none. */
  finalAnswer: string | null;
  /** The rule that decided: `number`, `exact`, `text`, ...; `no-answer`, or `timeout` where the pair was not decided. */
  method: string;
}

export const gradeResponse: z.ZodType<Grade> = z.object({
  outcome: z.union([z.literal(0), z.literal(1)]).describe("1: the final answer is right"),
  finalAnswer: z
    .string()
    .nullable()
    .describe("What was compared: extracted from the solution, null where it states none"),
  method: z
    .string()
    .describe("The rule that decided: number, exact, text, ...; no-answer, or timeout where the pair was not decided"),
});
