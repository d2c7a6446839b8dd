/** Where a training stands after an update, beside its tensors: what the next update's decisions depend on. */

export interface TrainingState {
  /** The last update that was applied, from 1; 0 before the first. */
  updateIndex: number;
  /** Bytes of training.jsonl up to and with the records before this state. */
  logBytes: number;
  /** Their SHA-256, 64 hexadecimal digits. */
  logDigest?: string | undefined;
  /** The held-out evaluation with the lowest loss so far. */
  best?: { updateIndex: number; loss: number } | undefined;
  /** Evaluations in a row that were no better than the best one. */
  evaluationsWithoutImprovement: number;
  /** Losses of the last updates, the latest last: a spike is measured by them. */
  recentLosses: number[];
  /** What losses are measured by beside them; see spike.ts. Absent before the first update. */
  usualLoss?: number | undefined;
  /** The model is to be evaluated before the next update. */
  evaluationIsDue: boolean;
  /** Tokens that were trained on. */
  tokens: number;
  /** Early stopping has ended the training. */
  stopped: boolean;
}

/** Of `recentLosses`. */
export const keptLosses = 64;

export function initialState(evaluationIsDue: boolean): TrainingState {
  return {
    updateIndex: 0,
    logBytes: 0,
    evaluationsWithoutImprovement: 0,
    evaluationIsDue,
    recentLosses: [],
    tokens: 0,
    stopped: false,
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Undefined for JSON that is no state. */
export function parseTrainingState(value: unknown): TrainingState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const state = value as TrainingState;
  const { updateIndex, logBytes, evaluationsWithoutImprovement, recentLosses, tokens, stopped, best, evaluationIsDue } =
    state;
  const { usualLoss, logDigest } = state;
  const isWhole =
    [updateIndex, logBytes, evaluationsWithoutImprovement, tokens].every(
      (count) => Number.isSafeInteger(count) && count >= 0,
    ) &&
    typeof stopped === "boolean" &&
    typeof evaluationIsDue === "boolean" &&
    Array.isArray(recentLosses) &&
    recentLosses.every(isNumber) &&
    (logDigest === undefined || typeof logDigest === "string") &&
    (usualLoss === undefined || isNumber(usualLoss)) &&
    (best === undefined || (Number.isSafeInteger(best.updateIndex) && isNumber(best.loss)));
  return isWhole ? state : undefined;
}
