/** What /v1/grade gives. The client reads the same type. */
import { z } from "zod";

export const gradeResponse = z.object({
  outcome: z.union([z.literal(0), z.literal(1)]).describe("1: the final answer is right"),
  finalAnswer: z
    .string()
    .nullable()
    .describe("What was compared: extracted from the solution, null where it states none"),
  method: z
    .string()
    .describe("The rule that decided: number, exact, text, ...; no-answer, or timeout where the pair was not decided"),
});
export type Grade = z.infer<typeof gradeResponse>;
