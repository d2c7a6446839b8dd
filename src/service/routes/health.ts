/** Liveness, readiness, metrics, the OpenAPI document. */
import { z } from "zod";
import type { Routes } from "../context.js";

export const healthRoutes: Routes = async (app, { context }) => {
  const { models, metrics } = context;

  app.get(
    "/healthz",
    {
      schema: {
        summary: "The process answers",
        tags: ["operation"],
        security: [],
        response: { 200: z.object({ status: z.string() }) },
      },
    },
    async () => ({ status: "ok" }),
  );

  const readiness = z.object({ status: z.enum(["ready", "loading", "draining"]) });
  app.get(
    "/readyz",
    {
      schema: {
        summary: "New work is taken: 200, or 503 while models load and while the service drains",
        tags: ["operation"],
        security: [],
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      if (context.draining()) return reply.code(503).send({ status: "draining" as const });
      if (!models.all().every((model) => model.ready())) return reply.code(503).send({ status: "loading" as const });
      return { status: "ready" as const };
    },
  );

  app.get("/metrics", { schema: { summary: "Metrics for Prometheus", tags: ["operation"] } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.text()),
  );

  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
};
