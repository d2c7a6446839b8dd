/** Prometheus metrics of one service, in a registry of its own. Labels are routes and models, never what a client wrote. */
import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class ServiceMetrics {
  readonly registry = new Registry();
  readonly requests: Counter<"method" | "route" | "status">;
  readonly requestSeconds: Histogram<"method" | "route">;

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
  }

  /** The text that Prometheus reads. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
