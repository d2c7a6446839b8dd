/** Requests that no route takes: 404 for the path, or 405 with what the path takes, before anything of a body is read. */
import type { FastifyInstance } from "fastify";
import { shownPath } from "./access-log.js";
import { requestError } from "./http-status.js";

const methods = ["GET", "HEAD", "POST"] as const;

export function refuseUnknownRoutes(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ is404, method, url }, reply) => {
    if (!is404) return;
    const path = url.split("?")[0] as string;
    const taken = methods.filter((one) => app.hasRoute({ url: path, method: one }));
    if (taken.length > 0) {
      reply.header("allow", taken.join(", "));
      throw requestError(405, `Expected ${taken.join(" or ")} for ${shownPath(url)}, received ${method}`);
    }
    const received = `received ${method} ${shownPath(url)}`;
    throw requestError(404, `Expected a route of this server (GET /openapi.json lists them), ${received}`);
  });
}
