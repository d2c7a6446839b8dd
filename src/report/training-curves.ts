/** What is drawn of a training. */

/** One update; as in training.jsonl. */
export interface CurveUpdate {
  updateIndex: number;
  loss: number;
  learningRate: number;
  gradientNorm: number;
}

export const curveMeasures = ["brierScore", "constantBrierScore", "areaUnderCurve", "calibrationError"] as const;
export type CurveMeasure = (typeof curveMeasures)[number];

/** One evaluation on the held-out problems; as in training.jsonl. */
export interface CurveHeldOut {
  updateIndex: number;
  loss: number;
  positions: number;
  measures?: Record<CurveMeasure, number | null>;
}

export interface Training {
  /** Place in the report's `runs`. */
  run: number;
  /** Unique among the trainings. */
  name: string;
  /** All that there are; `updates` holds every `every`-th of them and the last. */
  numUpdates: number;
  every: number;
  updates: CurveUpdate[];
  heldOut: CurveHeldOut[];
}
