/** Keys where there are any, and who a request comes from: its key, else its connection. */
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiKeys } from "./api-keys.js";
import { requestError } from "./http-status.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Whose turn it is in queues: `key 0`, `connection 17`. */
    client: string;
  }
}

/** What an orchestrator asks without a key. */
const open = new Set(["/healthz", "/readyz"]);

function keyOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1]?.trim();
}

export function authorize(app: FastifyInstance, keys: ApiKeys | undefined): void {
  const connections = new WeakMap<Socket, string>();
  let numConnections = 0;
  app.decorateRequest("client", "");
  app.addHook("onRequest", async (request, reply) => {
    if (keys !== undefined && keys.count > 0) {
      if (open.has(request.routeOptions.url ?? "")) return;
      const presented = keyOf(request);
      const index = presented === undefined ? undefined : keys.find(presented);
      if (index === undefined) {
        reply.header("www-authenticate", "Bearer");
        throw requestError(401, "Expected a known API key in the header: Authorization: Bearer KEY");
      }
      request.client = `key ${index}`;
      return;
    }
    const { socket } = request.raw;
    const known = connections.get(socket) ?? `connection ${numConnections++}`;
    connections.set(socket, known);
    request.client = known;
  });
}
