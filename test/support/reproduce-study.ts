/** A study's accuracies small enough to compute by hand: two targets and the outcome model, two seeds, four problems. */
import type { AccuraciesAtN } from "../../src/evaluation/methods.js";
import type { Aggregate } from "../../src/types.js";

export const studySettings = { targets: ["hard", "er:2", "orm"], seeds: [0, 1], aggregates: ["min", "last"] };

type Rule = "best-of-n" | "weighted-vote";
type Key = `${Rule} ${string} ${"min" | "last"}`;

/** Accuracies on four problems by rule, model and aggregate; what is not named is 0 everywhere. */
const accuracies: Record<Key, number[]> = {
  "best-of-n hard-0 min": [1, 0, 0, 1],
  "best-of-n hard-1 min": [0, 0, 0.5, 1],
  "best-of-n er-2-0 min": [1, 1, 1, 1],
  "best-of-n er-2-1 min": [1, 0, 1, 1],
  "best-of-n orm-0 last": [0, 0, 0, 1],
  "best-of-n orm-1 last": [0, 0, 0, 1],
  "weighted-vote hard-0 min": [0.25, 0.25, 0.25, 0.25],
};

/** The models are in another order than the targets, as the methods of an evaluation may be. */
export const studyAt: AccuraciesAtN = {
  numCandidates: 4,
  problemIds: ["p0", "p1", "p2", "p3"],
  methods: [
    { method: { rule: "pass@1" }, computation: "exact", accuracies: Float64Array.of(0.5, 0, 0, 0.5) },
    { method: { rule: "majority" }, computation: "resampled", accuracies: Float64Array.of(0.5, 0, 0, 1) },
    { method: { rule: "pass@n" }, computation: "exact", accuracies: Float64Array.of(1, 1, 1, 1) },
    ...["orm-1", "er-2-1", "hard-1", "orm-0", "er-2-0", "hard-0"].flatMap((model) =>
      (["best-of-n", "weighted-vote"] as const).flatMap((rule) =>
        (["last", "min"] as Aggregate[]).map((aggregate) => ({
          method: { rule, model, aggregate },
          computation: "exact" as const,
          accuracies: Float64Array.from(accuracies[`${rule} ${model} ${aggregate}` as Key] ?? [0, 0, 0, 0]),
        })),
      ),
    ),
  ],
};
