/** What routes get. A group of routes is a plugin, `FastifyPluginAsyncZod<{ context: ServiceContext }>`, listed in routes.ts. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { Grader } from "../grading/grader.js";
import type { ServiceLimits } from "./limits.js";
import type { ServiceMetrics } from "./metrics.js";
import type { ModelRegistry } from "./models.js";
import type { Scorers } from "./scorers.js";

export interface ServiceContext {
  models: ModelRegistry;
  limits: ServiceLimits;
  metrics: ServiceMetrics;
  /** The queues in front of the reward models. */
  scorers: Scorers;
  grader: Grader;
  /** Fires when the service begins to drain: streams take no more work. */
  stopping: AbortSignal;
  /** Fires when the time to drain is over: whatever still runs has to end. */
  ending: AbortSignal;
  /** `stopping` has fired: new work is refused with 503. */
  draining(): boolean;
  /** One line on standard error. No prompt, no text of a request, no key. */
  log(line: string): void;
}

export type Routes = FastifyPluginAsyncZod<{ context: ServiceContext }>;
