/** One update: forward and backward over its batches, the loss checked, AdamW applied. */
import { ErprmError } from "../errors.js";
import type { NativeTrainingResult } from "../native/contract.js";
import { abortedError } from "../policy/native-call.js";
import { packExamples, totalWeight } from "./batch.js";
import { alone, type Ranks } from "./distributed/ranks.js";
import { roundsOf, shareResults } from "./distributed/rounds.js";
import type { TrainingExample } from "./example.js";
import type { ExampleStore } from "./example-store.js";
import type { UpdatePlan } from "./order.js";
import { UpdateLoss } from "./spike.js";
import type { TrainingEngine } from "./trainer.js";

/** Of AdamW; see `NativeUpdateOptions`. */
export interface OptimizerOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** 0 = gradients are never scaled down. */
  maxGradientNorm: number;
}

export const defaultOptimizer: OptimizerOptions = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradientNorm: 1,
};

export interface UpdateOptions extends OptimizerOptions {
  learningRate: number;
  /** A loss above it ends the training. */
  lossThreshold: number;
  /** Is told of the tokens of each batch when they were computed. */
  onTokens?: ((tokens: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Of which this process is one; all make the same update. Default: there is no other. */
  ranks?: Ranks | undefined;
}

export interface UpdateResult {
  /** Weighted mean. */
  loss: number;
  gradientNorm: number;
  numPositions: number;
}

/**
 * @throws ERPRM_NUMERICAL {updateIndex, problemId, index} for a loss that is not finite or a spike, and for gradients that
 *   are not finite; ERPRM_ABORTED between batches; of several ranks what `Ranks` throws. In all cases the weights are as they
 *   were. ERPRM_OUT_OF_MEMORY
 */
export async function runUpdate(
  engine: TrainingEngine,
  store: ExampleStore<TrainingExample>,
  plan: UpdatePlan,
  { learningRate, lossThreshold, onTokens, signal, ranks = alone, ...optimizer }: UpdateOptions,
): Promise<UpdateResult> {
  const { updateIndex } = plan;
  const divisor = totalWeight(store, plan.examples);
  const updateLoss = new UpdateLoss();
  let numPositions = 0;
  for (const round of roundsOf(plan.batches, ranks.size)) {
    if (signal?.aborted) throw abortedError(signal);
    const packed = round.map((examples) => packExamples(store, examples, divisor));
    const own = packed[ranks.rank];
    const results = await shareResults(ranks, packed, own && (await engine.accumulate(own.batch)));
    for (const [i, { batch, examples, positionOffsets }] of packed.entries()) {
      const { losses } = results[i] as NativeTrainingResult;
      updateLoss.add(losses, batch.weights, positionOffsets, (s) => store.name(examples[s] as number));
    }
    // A loss that is no number is said at once; whether it is a spike shows when the update is complete.
    updateLoss.check(updateIndex, Number.POSITIVE_INFINITY);
    await ranks.addGradients(round.length);
    for (const { batch } of packed) {
      numPositions += batch.positions.length;
      onTokens?.(batch.values.length);
    }
  }
  updateLoss.check(updateIndex, lossThreshold);
  await ranks.shareGradients();
  const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = optimizer;
  try {
    const { gradientNorm } = await engine.update({
      updateIndex,
      learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      maxGradientNorm,
    });
    return { loss: updateLoss.loss, gradientNorm, numPositions };
  } catch (error) {
    throw withSequence(error, updateIndex, updateLoss);
  }
}

/** A gradient that is not finite has no sequence of its own; the one with the largest loss is the first to look at. */
function withSequence(error: unknown, updateIndex: number, { worst }: UpdateLoss): unknown {
  if (!(error instanceof ErprmError) || error.code !== "ERPRM_NUMERICAL" || !worst) return error;
  const { problemId, index, loss } = worst;
  return new ErprmError(
    "ERPRM_NUMERICAL",
    `${error.message} (update ${updateIndex}; its largest loss, ${loss.toPrecision(4)} a position, is that of solution ${index} of problem ${JSON.stringify(problemId)})`,
    { ...error.details, updateIndex, problemId, index },
    error,
  );
}
