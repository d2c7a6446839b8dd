/**
 * Trainings that break: a loss that is no number, or far above those before it. With the median m of the last losses, their
 * median distance d from m, and the usual loss u = max(m, smallest), of all updates so far the lowest, a loss is a spike when
 * it exceeds both
 *   factor * u          and          m' + factor * 1.4826 d'          where m' = min(m, u), d' = min(d, u)
 * The first keeps small ripples on a quiet curve from counting, the second the ordinary swings of updates of few sequences
 * (1.4826 d is the standard deviation of a normal distribution). `smallest` is a loss below which nothing is broken: a
 * model that has learned its examples by heart may meet one that it has not.
 *
 * The second update is the first that can be a spike. While few losses are known they say little of how losses swing:
 * `smallest` is then larger, of even counts the lower median is taken, and d is 0. That u never rises keeps a training that diverges by less than the factor at a time from making its own losses the usual ones.
 */
import { expectInteger, expectNumberIn } from "../check.js";
import { ErprmError } from "../errors.js";
import type { LossName } from "../native/contract.js";

export interface SpikeOptions {
  /** 0 = never; otherwise at least 1. Default 10. */
  factor?: number | undefined;
  /** Losses looked back on. Default 64. */
  window?: number | undefined;
  /** `usualLoss` of the updates before those looked back on. Default: none are known. */
  usualBefore?: number | undefined;
}

export const defaultSpikeFactor = 10;
const defaultWindow = 64;

/** Fewer losses than this are few. */
const manyLosses = 16;
/**
 * Two-way and binary: ln 2, that of the score 1/2. One solution that a model is sure of and wrong about has several times
 * that, which happens wherever examples are learned by heart. A squared loss is at most 1.
 */
const smallestLosses: Record<LossName, number> = {
  "next-token": 0.2,
  "two-way": Math.LN2,
  binary: Math.LN2,
  squared: 0.05,
};
/** A squared loss of 1 among few is no sign that anything broke. */
const smallestOfFew: Record<LossName, number> = {
  "next-token": 1,
  "two-way": Math.LN2,
  binary: Math.LN2,
  squared: 0.1,
};

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

function lowerMedian(values: readonly number[]): number {
  return Float64Array.from(values).sort()[Math.floor((values.length - 1) / 2)] as number;
}

/**
 * The usual loss u of the updates so far; Infinity where none are known. `history`: their losses, the latest last, which may
 * be cut to the window; `before`: the usual loss that this gave one update earlier.
 */
export function usualLoss(
  history: readonly number[],
  loss: LossName,
  before = Number.POSITIVE_INFINITY,
  window = defaultWindow,
): number {
  if (history.length === 0) return before;
  const last = history.slice(-window);
  const usual =
    last.length < manyLosses
      ? Math.max(lowerMedian(last), smallestOfFew[loss])
      : Math.max(median(last), smallestLosses[loss]);
  return Math.min(before, usual);
}

/**
 * The loss above which an update counts as a spike, Infinity where none does. `history`: the losses of the updates before,
 * the latest last; only the window's are looked at, so it may be cut to them.
 * @throws ERPRM_INVALID_ARGUMENT for options out of range
 */
export function spikeThreshold(history: readonly number[], loss: LossName, options: SpikeOptions = {}): number {
  const { factor = defaultSpikeFactor, window = defaultWindow, usualBefore } = options;
  if (factor !== 0) expectNumberIn("the spike factor", factor, 1, Number.MAX_VALUE);
  expectInteger("the window", window, manyLosses);
  if (factor === 0 || history.length === 0) return Number.POSITIVE_INFINITY;
  const last = history.slice(-window);
  const usual = usualLoss(last, loss, usualBefore, window);
  if (last.length < manyLosses) return factor * usual;
  const middle = median(last);
  const distance = median(last.map((value) => Math.abs(value - middle)));
  return Math.max(factor * usual, Math.min(middle, usual) + factor * 1.4826 * Math.min(distance, usual));
}

/** A sequence of an update and its unweighted loss per position. */
export interface SequenceLoss {
  problemId: string;
  index: number;
  loss: number;
}

/** Gathers the losses of one update, micro-batch by micro-batch: their weighted mean, and the sequence that is worst off. */
export class UpdateLoss {
  #weighted = 0;
  #worst: SequenceLoss | undefined;

  /**
   * `losses` [P] of a packed batch, `weights` [P] as they were handed to native code, `positionOffsets` [S + 1], `nameOf`
   * the name of sequence s.
   */
  add(
    losses: ArrayLike<number>,
    weights: ArrayLike<number>,
    positionOffsets: ArrayLike<number>,
    nameOf: (sequence: number) => { problemId: string; index: number },
  ): void {
    for (let s = 0; s + 1 < positionOffsets.length; s++) {
      const start = positionOffsets[s] as number;
      const end = positionOffsets[s + 1] as number;
      let sum = 0;
      for (let p = start; p < end; p++) {
        sum += losses[p] as number;
        this.#weighted += (weights[p] as number) * (losses[p] as number);
      }
      const mean = sum / (end - start);
      if (this.#worst === undefined || isWorse(mean, this.#worst.loss)) {
        const { problemId, index } = nameOf(s);
        this.#worst = { problemId, index, loss: mean };
      }
    }
  }

  /** Sum of weight * loss: with weights divided by the update's total, its mean loss. */
  get loss(): number {
    return this.#weighted;
  }

  /** The sequence with the largest mean loss, the first without a number where there is one. */
  get worst(): SequenceLoss | undefined {
    return this.#worst;
  }

  /**
   * Nothing, or the end of the training.
   * @throws ERPRM_NUMERICAL {updateIndex, loss, threshold, problemId, index, sequenceLoss} for a loss that is not finite or
   *   above `threshold`
   */
  check(updateIndex: number, threshold: number): void {
    if (Number.isFinite(this.loss) && this.loss <= threshold) return;
    const broken = !Number.isFinite(this.loss);
    const { problemId, index, loss: sequenceLoss } = this.#worst ?? {};
    const remedy = broken ? "" : ": a smaller learning rate or a longer warm-up may help, --spike-factor allows it";
    const expected = broken ? "a finite number" : `at most ${threshold.toPrecision(4)}, judging by the updates before`;
    throw new ErprmError(
      "ERPRM_NUMERICAL",
      `Expected the loss of update ${updateIndex} to be ${expected}, received ${broken ? this.loss : this.loss.toPrecision(4)}; the worst sequence is solution ${index} of problem ${JSON.stringify(problemId)} with ${sequenceLoss?.toPrecision(4)} a position${remedy}`,
      { what: broken ? "loss" : "loss spike", updateIndex, loss: this.loss, threshold, problemId, index, sequenceLoss },
    );
  }
}

/** Order of losses in which what is no number is worst, and the first such one stays. */
function isWorse(loss: number, than: number): boolean {
  if (Number.isNaN(than)) return false;
  return Number.isNaN(loss) || loss > than;
}
