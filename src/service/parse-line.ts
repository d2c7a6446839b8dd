/** A line of a stream, as JSON of a schema. */
import type { z } from "zod";
import { parseJson } from "./read-body.js";
import { invalidRequest } from "./validation.js";

export function parseLine<S extends z.ZodType>(
  { text }: { text: string },
  schema: S,
): { solution: z.infer<S> } | { error: unknown } {
  try {
    const value = parseJson(text);
    const parsed = schema.safeParse(value);
    return parsed.success ? { solution: parsed.data } : { error: invalidRequest(parsed.error, value) };
  } catch (error) {
    return { error };
  }
}
