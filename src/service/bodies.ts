/** What bodies a server takes: JSON, read whole; NDJSON, left to the route that streams it. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { requestError } from "./http-status.js";
import type { ServiceLimits } from "./limits.js";
import { parseJson, readBody } from "./read-body.js";

export const ndjson = "application/x-ndjson";

/** How long a client that was answered may go on sending what nobody reads, so that it gets to read the answer. */
const lingerMs = 2_000;

/** What a body could not be read for. Thrown after parsing: fastify closes the connection on errors of its parsers, unread. */
class Unreadable {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

async function jsonOf(body: IncomingMessage, limits: ServiceLimits): Promise<unknown> {
  try {
    return parseJson(await readBody(body, limits));
  } catch (error) {
    return new Unreadable(error);
  }
}

export function takeBodies(app: FastifyInstance, limits: ServiceLimits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", (_request: unknown, body: IncomingMessage) => jsonOf(body, limits));
  app.addContentTypeParser(ndjson, async (_request: unknown, body: unknown) => body);
  app.addHook("preValidation", async ({ body, raw }, reply) => {
    if (!(body instanceof Unreadable)) return;
    // Closed while it is still being sent, the connection would take the answer along: see lingerMs.
    if (!raw.complete) reply.raw.shouldKeepAlive = true;
    throw body.error;
  });
  app.addHook("onRequest", async ({ headers }) => {
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") throw requestError(415, "Expected a body without content-encoding");
  });
  app.addHook("onResponse", async ({ raw }) => {
    if (raw.complete) return;
    const { socket } = raw;
    const timer = setTimeout(() => {
      if (!raw.complete) socket.destroy();
    }, lingerMs);
    timer.unref();
  });
}
