/** What a worker must know to label a unit as the writer's own process would have: part of the run's announcement. */
import { z } from "zod";
import { ErprmError } from "../../errors.js";
import { weightTypes } from "../../native/contract.js";
import type { Allocation, Estimator, LabelName } from "../../types.js";

const count = z.number().int().min(1);

const sampling = z.object({
  temperature: z.number().min(0),
  topP: z.number().min(0).max(1),
  topK: z.number().int().min(0),
  minP: z.number().min(0).max(1),
  maxTokens: count,
  stop: z.array(z.string()),
});

const label = z.string().transform((name) => name as LabelName);

const allocation: z.ZodType<Allocation> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fixed"), numCompletions: count }),
  z.object({ kind: z.literal("adaptive"), label, tolerance: z.number(), minCompletions: count, maxCompletions: count }),
  z.object({ kind: z.literal("gain"), label, gain: z.number(), minCompletions: count, maxCompletions: count }),
  z.object({ kind: z.literal("first-error"), numCompletions: count, minCompletions: count.exactOptional() }),
]);

const estimator: z.ZodType<Estimator> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("plug-in") }),
  z.object({ kind: z.literal("posterior"), prior: z.tuple([z.number(), z.number()]) }),
]);

const labelSettings = z.object({
  /** `problem`: solutions of it are sampled first. `solution`: it is there. */
  unit: z.enum(["problem", "solution"]),
  policy: z.object({
    device: z.string(),
    dtype: z.enum(weightTypes),
    contextLength: count.optional(),
  }),
  prompt: z.object({
    system: z.string().optional(),
    instruction: z.string().optional(),
    template: z.string().optional(),
  }),
  split: z.string(),
  seed: z.number().int().min(0),
  numSolutions: count,
  /** Of the solutions. */
  sampling,
  completions: sampling,
  allocation,
  estimator,
  etas: z.array(z.number()),
  keepCompletions: z.boolean(),
});

export type LabelSettings = z.infer<typeof labelSettings>;

/** @throws ERPRM_INVALID_DATA */
export function checkLabelSettings(value: unknown): LabelSettings {
  const { data, error } = labelSettings.safeParse(value);
  if (data) return data;
  const why = z.prettifyError(error).replace(/\s*\n\s*/g, " ");
  throw new ErprmError("ERPRM_INVALID_DATA", `Expected the settings of a label run in the queue: ${why}`, {}, error);
}
