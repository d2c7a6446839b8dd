/** The loss and the measures of a model on examples that it is not trained on. Forward only; nothing changes. */
import { ErprmError } from "../errors.js";
import type { NativeTrainingResult } from "../native/contract.js";
import { abortedError } from "../policy/native-call.js";
import type { ScoredPrefixes } from "../statistics/measures.js";
import { packExamples, totalWeight } from "./batch.js";
import { alone, type Ranks } from "./distributed/ranks.js";
import { roundsOf, shareResults } from "./distributed/rounds.js";
import type { RewardExample, TrainingExample } from "./example.js";
import type { ExampleName, ExampleStore } from "./example-store.js";
import { packBatches } from "./pack.js";
import type { TrainingEngine } from "./trainer.js";

export interface EvaluateOptions {
  /** Most tokens of one forward pass. */
  tokensPerBatch: number;
  /** Updates behind the weights, for messages. */
  updateIndex?: number | undefined;
  onTokens?: ((tokens: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Of which this process is one; all get the same result. Default: there is no other. */
  ranks?: Ranks | undefined;
}

export interface Evaluation {
  /** Weighted mean, as in training. */
  loss: number;
  numSolutions: number;
  numPositions: number;
  /** For reward models: the score of every position, in the order of the batches, and what became of its prefix. */
  prefixes?: (ScoredPrefixes & { problemIds: string[] }) | undefined;
}

/** @throws ERPRM_NUMERICAL {updateIndex, problemId, index} for a loss that is not finite; ERPRM_ABORTED between batches; ERPRM_OUT_OF_MEMORY */
export async function evaluateExamples(
  engine: TrainingEngine,
  store: ExampleStore<TrainingExample>,
  { tokensPerBatch, updateIndex, onTokens, signal, ranks = alone }: EvaluateOptions,
): Promise<Evaluation> {
  const all = Int32Array.from({ length: store.size }, (_, i) => i);
  const divisor = totalWeight(store, all);
  const scores: number[] = [];
  const successRates: number[] = [];
  const problemIds: string[] = [];
  let loss = 0;
  let numPositions = 0;
  for (const round of roundsOf(packBatches(all, store.lengths(), tokensPerBatch), ranks.size)) {
    if (signal?.aborted) throw abortedError(signal);
    const packed = round.map((examples) => packExamples(store, examples, divisor));
    const own = packed[ranks.rank];
    const results = await shareResults(ranks, packed, own && (await engine.evaluate(own.batch)));
    for (const [i, { batch, examples, positionOffsets }] of packed.entries()) {
      const result = results[i] as NativeTrainingResult;
      const broken = result.losses.findIndex((one) => !Number.isFinite(one));
      if (broken >= 0) {
        const sequence = positionOffsets.findIndex((end) => end > broken) - 1;
        failLoss(result.losses[broken] as number, store.name(examples[sequence] as number), updateIndex);
      }
      for (const [p, weight] of batch.weights.entries()) loss += weight * (result.losses[p] as number);
      numPositions += batch.positions.length;
      onTokens?.(batch.values.length);
      if (store.kind !== "reward") continue;
      for (const score of result.scores) scores.push(score);
      for (const example of examples) {
        const { problemId, successRates: rates } = store.get(example) as RewardExample;
        for (const rate of rates) {
          successRates.push(rate);
          problemIds.push(problemId);
        }
      }
    }
  }
  const prefixes = store.kind === "reward" ? { scores, successRates, problemIds } : undefined;
  return { loss, numSolutions: store.size, numPositions, prefixes };
}

function failLoss(loss: number, { problemId, index }: ExampleName, updateIndex: number | undefined): never {
  const weights =
    updateIndex === undefined
      ? "the weights are not sound"
      : updateIndex === 0
        ? "the weights that training starts from give it"
        : `the weights after update ${updateIndex} give it; a smaller learning rate or a longer warm-up may help`;
  throw new ErprmError(
    "ERPRM_NUMERICAL",
    `Expected finite losses of the held-out solutions, received ${loss} for solution ${index} of problem ${JSON.stringify(problemId)}: ${weights}`,
    { what: "held-out loss", ...(updateIndex !== undefined && { updateIndex }), problemId, index },
  );
}
