/** A line of a stream, as JSON of a schema. */
import type { z } from "zod";
import { parseJson } from "./read-body.js";
import { invalidRequest } from "./validation.js";

export function parseLine<S extends z.ZodType>(
  { text }: { text: string },
  schema: S,
): { solution: z.infer<S> } | { error: unknown } {
  try {
    const parsed = schema.safeParse(parseJson(text));
    return parsed.success ? { solution: parsed.data } : { error: invalidRequest(parsed.error) };
  } catch (error) {
    return { error };
  }
}
