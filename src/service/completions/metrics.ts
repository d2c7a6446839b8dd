/** What `POST /v1/completions` tells Prometheus. Tokens a second: the rate of erprm_completion_tokens_total. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { FinishReason } from "../../types.js";
import type { CompletionLine } from "./line.js";

const secondsBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export class CompletionMetrics {
  readonly promptTokens: Counter<"model">;
  readonly completionTokens: Counter<"model">;
  readonly completions: Counter<"model" | "finish_reason">;
  readonly firstTokenSeconds: Histogram<"model">;
  readonly refused: Counter<"model">;
  readonly abandoned: Counter<"model">;
  readonly #lines = new Map<string, CompletionLine>();

  constructor(registry: Registry) {
    const ofModel = { labelNames: ["model"] as const, registers: [registry] };
    this.promptTokens = new Counter({
      name: "erprm_prompt_tokens_total",
      help: "Tokens of prompts whose completions were asked for, once a request",
      ...ofModel,
    });
    this.completionTokens = new Counter({
      name: "erprm_completion_tokens_total",
      help: "Tokens sampled for requests",
      ...ofModel,
    });
    this.completions = new Counter({
      name: "erprm_completions_total",
      help: "Completions that ended, by what ended them",
      labelNames: ["model", "finish_reason"],
      registers: [registry],
    });
    this.firstTokenSeconds = new Histogram({
      name: "erprm_first_token_seconds",
      help: "Time from a request's arrival to its first token",
      buckets: secondsBuckets,
      ...ofModel,
    });
    this.refused = new Counter({
      name: "erprm_completions_refused_total",
      help: "Completions that were refused because too many waited",
      ...ofModel,
    });
    this.abandoned = new Counter({
      name: "erprm_completions_abandoned_total",
      help: "Completions that were given up because their client went away or their request failed",
      ...ofModel,
    });
    const lines = this.#lines;
    new Gauge({
      name: "erprm_completions_running",
      help: "Completions that are decoded together",
      ...ofModel,
      collect() {
        for (const [model, line] of lines) this.set({ model }, line.numRunning);
      },
    });
    new Gauge({
      name: "erprm_completions_waiting",
      help: "Completions that wait for a slot",
      ...ofModel,
      collect() {
        for (const [model, line] of lines) this.set({ model }, line.numWaiting);
      },
    });
  }

  watch(model: string, line: CompletionLine): void {
    this.#lines.set(model, line);
  }

  ended(model: string, finishReason: FinishReason): void {
    this.completions.inc({ model, finish_reason: finishReason });
  }
}
