/** Prometheus metrics of one service, in a registry of its own. Labels are routes and models, never what a client wrote. */
import { Counter, collectDefaultMetrics, exponentialBuckets, Gauge, Histogram, Registry } from "prom-client";
import type { QueueObserver, ScoringQueue } from "./scoring-queue.js";

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class ServiceMetrics {
  readonly registry = new Registry();
  readonly requests: Counter<"method" | "route" | "status">;
  readonly requestSeconds: Histogram<"method" | "route">;
  readonly #batchTokens: Histogram<"model">;
  readonly #batchSolutions: Histogram<"model">;
  readonly #batchSeconds: Histogram<"model">;
  readonly #queueSeconds: Histogram<"model">;
  readonly #refused: Counter<"model">;
  readonly #abandoned: Counter<"model">;
  readonly #queues = new Map<string, ScoringQueue>();

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Counter({
      name: "erprm_http_requests_total",
      help: "Requests that were answered, by route and status",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.requestSeconds = new Histogram({
      name: "erprm_http_request_seconds",
      help: "Time from a request's headers to the end of its answer",
      labelNames: ["method", "route"],
      buckets: secondsBuckets,
      registers,
    });
    const ofModel = { labelNames: ["model"] as const, registers };
    this.#batchTokens = new Histogram({
      name: "erprm_batch_tokens",
      help: "Tokens of a forward pass; the sum is the number of tokens scored",
      buckets: exponentialBuckets(64, 2, 11),
      ...ofModel,
    });
    this.#batchSolutions = new Histogram({
      name: "erprm_batch_solutions",
      help: "Solutions of a forward pass; the sum is the number of solutions scored",
      buckets: exponentialBuckets(1, 2, 10),
      ...ofModel,
    });
    this.#batchSeconds = new Histogram({
      name: "erprm_batch_seconds",
      help: "Time of a forward pass",
      buckets: secondsBuckets,
      ...ofModel,
    });
    this.#queueSeconds = new Histogram({
      name: "erprm_queue_seconds",
      help: "Time that a solution waited for its forward pass",
      buckets: secondsBuckets,
      ...ofModel,
    });
    this.#refused = new Counter({
      name: "erprm_queue_refused_total",
      help: "Requests that were refused because the queue was full",
      ...ofModel,
    });
    this.#abandoned = new Counter({
      name: "erprm_queue_abandoned_total",
      help: "Solutions that left the queue because their client went away",
      ...ofModel,
    });
    const queues = this.#queues;
    new Gauge({
      name: "erprm_queue_solutions",
      help: "Solutions that wait",
      ...ofModel,
      collect() {
        for (const [model, queue] of queues) this.set({ model }, queue.numSolutions);
      },
    });
    new Gauge({
      name: "erprm_queue_tokens",
      help: "Tokens of the solutions that wait",
      ...ofModel,
      collect() {
        for (const [model, queue] of queues) this.set({ model }, queue.numTokens);
      },
    });
  }

  /** What the queue of a model tells; `watch` makes its length known. */
  queueObserver(model: string): QueueObserver {
    return {
      batch: (numSolutions, numTokens, seconds) => {
        this.#batchSolutions.observe({ model }, numSolutions);
        this.#batchTokens.observe({ model }, numTokens);
        this.#batchSeconds.observe({ model }, seconds);
      },
      waited: (seconds) => this.#queueSeconds.observe({ model }, seconds),
      refused: () => this.#refused.inc({ model }),
      abandoned: () => this.#abandoned.inc({ model }),
    };
  }

  watch(model: string, queue: ScoringQueue): void {
    this.#queues.set(model, queue);
  }

  /** The text that Prometheus reads. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
