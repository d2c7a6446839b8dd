/**
 * The train stage: examples -> updates, one record each, with evaluations on held-out problems in between. It ends after the
 * last update of the last epoch, or when early stopping says so; the trainer then holds the weights to be saved: the last
 * ones, or with early stopping those with the best held-out loss.
 *
 * Update k is a function of the examples, the options, the seed and the weights before it. A training that goes on from a
 * checkpoint yields the records that one without a break yields from there on.
 */
import { expectNumberIn, expectPositiveInteger, failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import type { LossName } from "../native/contract.js";
import { abortedError } from "../policy/native-call.js";
import { measure } from "../statistics/measures.js";
import { isOfOtherRank } from "../training/distributed/rank-group.js";
import type { Ranks } from "../training/distributed/ranks.js";
import { evaluateExamples } from "../training/evaluate.js";
import type { TrainingExample } from "../training/example.js";
import type { ExampleStore } from "../training/example-store.js";
import { TrainingOrder } from "../training/order.js";
import { defaultOptimizer, type OptimizerOptions, runUpdate } from "../training/run-update.js";
import { checkSchedule, learningRateAt, type Schedule } from "../training/schedule.js";
import { defaultSpikeFactor, spikeThreshold, usualLoss } from "../training/spike.js";
import type { TrainingEngine } from "../training/trainer.js";
import type { HeldOutRecord, TrainingRecord, UpdateRecord } from "../training/training-record.js";
import { initialState, keptLosses, type TrainingState } from "../training/training-state.js";

/** Where the stage's progress is kept, if it is to survive a kill: `Checkpoints` with the log that the records go to. */
export interface TrainingKeeper {
  latest(): Promise<TrainingState | undefined>;
  restore(engine: TrainingEngine, updateIndex: number): Promise<void>;
  /** All records that were yielded before belong to the state. */
  save(engine: TrainingEngine, state: TrainingState): Promise<void>;
}

export interface TrainStageOptions {
  trainer: TrainingEngine;
  /** The trainer's. */
  loss: LossName;
  /** Evaluated, never trained on; absent or empty: no evaluations. */
  heldOut?: ExampleStore<TrainingExample> | undefined;
  seed?: number | undefined;
  /** Passes over the examples, default 1. */
  epochs?: number | undefined;
  /** At most so many updates; the schedule is laid over those that are made. */
  maxUpdates?: number | undefined;
  schedule: Schedule;
  optimizer?: Partial<OptimizerOptions> | undefined;
  /** Tokens that an update is made of, about; default 16384. */
  tokensPerUpdate?: number | undefined;
  /** Most tokens of one forward and backward pass; default 4096. Results depend on it in their last bits. */
  tokensPerBatch?: number | undefined;
  /** Updates from one evaluation to the next; default: ten evaluations in all. There always is one before the first update and one after the last. */
  evaluateEvery?: number | undefined;
  /** Ends training after so many evaluations in a row without a better held-out loss; needs `keeper`. Default: never. */
  earlyStopping?: number | undefined;
  /** See spike.ts; 0 = no loss is a spike. Default 10. */
  spikeFactor?: number | undefined;
  keeper?: TrainingKeeper | undefined;
  /** Updates from one checkpoint to the next. Default: one when `checkpointSeconds` have passed. Results do not depend on either. */
  checkpointEvery?: number | undefined;
  /** Default 120. */
  checkpointSeconds?: number | undefined;
  /** Of which this process is one: all run this stage with the same examples and options. Default: there is no other. */
  ranks?: Ranks | undefined;
  /** Is told where training begins, and of all tokens as they are computed. */
  progress?: TrainingProgress | undefined;
  signal?: AbortSignal | undefined;
}

export interface TrainingProgress {
  start?(from: TrainingState, numUpdates: number): void;
  tokens?(count: number): void;
  evaluating?(): void;
}

/** What the trainer holds at the end. */
export interface TrainingEnd {
  /** Updates behind the weights. */
  updates: number;
  /** True: early stopping ended the training before the last update. */
  stopped: boolean;
  /** Tokens trained on. */
  tokens: number;
}

export const defaultTokensPerUpdate = 16_384;
export const defaultTokensPerBatch = 4096;

/** How many updates a training will have. @throws as `TrainingOrder` */
export function plannedUpdates(order: TrainingOrder, maxUpdates: number | undefined): number {
  return Math.min(order.numUpdates, maxUpdates ?? order.numUpdates);
}

/**
 * @throws ERPRM_INVALID_ARGUMENT; ERPRM_NUMERICAL {updateIndex, problemId, index} for losses or gradients that are not
 *   finite and for a spike; ERPRM_OUT_OF_MEMORY; ERPRM_ABORTED and what `ranks` throws (a checkpoint is written first); what
 *   `keeper` throws
 */
export async function* trainStage(
  examples: ExampleStore<TrainingExample>,
  options: TrainStageOptions,
): AsyncGenerator<TrainingRecord, TrainingEnd, undefined> {
  const { trainer, keeper, schedule, ranks, progress, signal, seed = 0, epochs = 1, maxUpdates } = options;
  const { tokensPerUpdate = defaultTokensPerUpdate, tokensPerBatch = defaultTokensPerBatch } = options;
  checkSchedule(schedule);
  if (maxUpdates !== undefined) expectPositiveInteger("maxUpdates", maxUpdates);
  const heldOut = options.heldOut && options.heldOut.size > 0 ? options.heldOut : undefined;
  const patience = patienceOf(options, heldOut !== undefined);
  const spikeFactor = expectNumberIn("spikeFactor", options.spikeFactor ?? defaultSpikeFactor, 0, 1e9);
  const optimizer = { ...defaultOptimizer, ...options.optimizer };
  const order = new TrainingOrder(examples.lengths(), { seed, epochs, tokensPerUpdate, tokensPerBatch });
  const numUpdates = plannedUpdates(order, maxUpdates);
  const evaluateEvery = expectPositiveInteger("evaluateEvery", options.evaluateEvery ?? Math.ceil(numUpdates / 10));
  const isCheckpointDue = checkpointClock(options);

  const found = await keeper?.latest();
  let state = found ?? initialState(heldOut !== undefined);
  if (keeper && found && found.updateIndex > 0) await keeper.restore(trainer, found.updateIndex);
  progress?.start?.(state, numUpdates);

  async function* evaluated(store: ExampleStore<TrainingExample>): AsyncGenerator<HeldOutRecord> {
    progress?.evaluating?.();
    const { updateIndex } = state;
    const evaluation = await evaluateExamples(trainer, store, { tokensPerBatch, updateIndex, signal, ranks });
    const { loss, numSolutions: solutions, numPositions: positions, prefixes } = evaluation;
    state = judged({ ...state, evaluationIsDue: false }, loss, patience);
    yield {
      kind: "held-out",
      updateIndex,
      loss,
      solutions,
      positions,
      ...(prefixes && { measures: measure(prefixes) }),
    };
  }

  async function* updated(): AsyncGenerator<UpdateRecord> {
    const plan = order.update(state.updateIndex + 1);
    const { updateIndex, epoch, numTokens: tokens } = plan;
    const learningRate = learningRateAt(schedule, updateIndex, numUpdates);
    const spikeOptions = { factor: spikeFactor, usualBefore: state.usualLoss };
    const lossThreshold = spikeThreshold(state.recentLosses, options.loss, spikeOptions);
    const onTokens = progress?.tokens?.bind(progress);
    const updateOptions = { ...optimizer, learningRate, lossThreshold, onTokens, signal, ranks };
    const { loss, gradientNorm, numPositions } = await runUpdate(trainer, examples, plan, updateOptions);
    const recentLosses = [...state.recentLosses, loss].slice(-keptLosses);
    const isLast = updateIndex === numUpdates;
    const evaluationIsDue = heldOut !== undefined && (isLast || updateIndex % evaluateEvery === 0);
    const usual = usualLoss(recentLosses, options.loss, state.usualLoss);
    state = { ...state, updateIndex, recentLosses, usualLoss: usual, evaluationIsDue, tokens: state.tokens + tokens };
    yield { kind: "update", updateIndex, epoch, loss, learningRate, gradientNorm, tokens, positions: numPositions };
  }

  try {
    while (state.evaluationIsDue || (state.updateIndex < numUpdates && !state.stopped)) {
      if (signal?.aborted) throw abortedError(signal);
      if (!state.evaluationIsDue) yield* updated();
      if (heldOut && state.evaluationIsDue) yield* evaluated(heldOut);
      const isBest = patience !== undefined && state.best?.updateIndex === state.updateIndex;
      if (keeper && state.updateIndex > 0 && (isBest || isCheckpointDue(state))) await keeper.save(trainer, state);
    }
  } catch (error) {
    // Weights, state and records belong together at every point where an interruption is looked for.
    if (keeper && state.updateIndex > 0 && (isAborted(error) || isOfOtherRank(error)))
      await keeper.save(trainer, state);
    throw error;
  }

  const { best, tokens, stopped } = state;
  if (patience === undefined || !best) return { updates: state.updateIndex, stopped, tokens };
  if (best.updateIndex !== state.updateIndex) await keeper?.restore(trainer, best.updateIndex);
  return { updates: best.updateIndex, stopped, tokens };
}

function isAborted(error: unknown): boolean {
  return error instanceof ErprmError && error.code === "ERPRM_ABORTED";
}

/** Evaluations without improvement that end the training; undefined for no early stopping. */
function patienceOf({ earlyStopping, keeper }: TrainStageOptions, isEvaluated: boolean): number | undefined {
  if (earlyStopping === undefined) return undefined;
  expectPositiveInteger("earlyStopping", earlyStopping);
  if (!isEvaluated) failArgument("earlyStopping", "given only where problems are held out", earlyStopping);
  if (!keeper) failArgument("keeper", "given with early stopping, which goes back to the best weights", keeper);
  return earlyStopping;
}

/** The state after an evaluation. The model before the first update does not count: it was not trained. */
function judged(state: TrainingState, loss: number, patience: number | undefined): TrainingState {
  if (state.updateIndex === 0) return state;
  if (!state.best || loss < state.best.loss) {
    return { ...state, best: { updateIndex: state.updateIndex, loss }, evaluationsWithoutImprovement: 0 };
  }
  const evaluationsWithoutImprovement = state.evaluationsWithoutImprovement + 1;
  const stopped = patience !== undefined && evaluationsWithoutImprovement >= patience;
  return { ...state, evaluationsWithoutImprovement, stopped };
}

/** True when a checkpoint is to be written after this update. */
function checkpointClock({ checkpointEvery, checkpointSeconds = 120 }: TrainStageOptions) {
  if (checkpointEvery !== undefined) expectPositiveInteger("checkpointEvery", checkpointEvery);
  expectNumberIn("checkpointSeconds", checkpointSeconds, 0, 1e9);
  let lastAt = performance.now();
  return ({ updateIndex }: TrainingState): boolean => {
    if (checkpointEvery !== undefined) return updateIndex % checkpointEvery === 0;
    if (performance.now() - lastAt < 1000 * checkpointSeconds) return false;
    lastAt = performance.now();
    return true;
  };
}
