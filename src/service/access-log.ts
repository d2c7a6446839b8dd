/** One line a request: method, path, status, milliseconds. The path without its query, cut, and nothing of the body. */
import type { FastifyInstance } from "fastify";
import type { ServiceContext } from "./context.js";

const maxPath = 100;

/** The path of a URL as logs and messages show it. */
export function shownPath(url: string): string {
  return (url.split("?")[0] as string).slice(0, maxPath);
}

export function logRequests(app: FastifyInstance, { metrics }: ServiceContext, log: (line: string) => void): void {
  app.addHook("onResponse", async (request, reply) => {
    const { method, url, routeOptions } = request;
    log(`${method} ${shownPath(url)} ${reply.statusCode} ${reply.elapsedTime.toFixed(1)}`);
    const route = routeOptions.url ?? "none";
    metrics.requests.inc({ method, route, status: String(reply.statusCode) });
    metrics.requestSeconds.observe({ method, route }, reply.elapsedTime / 1000);
  });
}
