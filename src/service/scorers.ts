/** The queue of each reward model, made when it is first asked for. */
import type { Batching, ServiceLimits } from "./limits.js";
import type { ServiceMetrics } from "./metrics.js";
import type { ServedRewardModel } from "./models.js";
import { ScoringQueue } from "./scoring-queue.js";

export class Scorers {
  readonly #queues = new Map<ServedRewardModel, ScoringQueue>();
  readonly #limits: ServiceLimits;
  readonly #batching: Batching;
  readonly #metrics: ServiceMetrics;

  constructor(limits: ServiceLimits, batching: Batching, metrics: ServiceMetrics) {
    this.#limits = limits;
    this.#batching = batching;
    this.#metrics = metrics;
  }

  of(model: ServedRewardModel): ScoringQueue {
    const known = this.#queues.get(model);
    if (known) return known;
    const queue = new ScoringQueue({
      score: (batch) => model.use((rewardModel) => rewardModel.scoreEncoded(batch)),
      ...this.#batching,
      maxQueuedTokens: this.#limits.maxQueuedTokens,
      observer: this.#metrics.queueObserver(model.name),
    });
    this.#queues.set(model, queue);
    this.#metrics.watch(model.name, queue);
    return queue;
  }
}
