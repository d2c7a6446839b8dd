/** What bodies a server takes: JSON, read whole; NDJSON, left to the route that streams it. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { requestError } from "./http-status.js";
import type { ServiceLimits } from "./limits.js";
import { parseJson, readBody } from "./read-body.js";

export const ndjson = "application/x-ndjson";
const json = "application/json";

/** Longer types are cut in messages. */
const maxType = 100;

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

/** The types of body that a route takes. */
function typesOf({ routeOptions }: FastifyRequest): readonly string[] {
  const { consumes = [json] } = (routeOptions.schema ?? {}) as { consumes?: readonly string[] };
  return consumes;
}

function wrongType(request: FastifyRequest): Unreadable {
  const type = request.headers["content-type"]?.slice(0, maxType) ?? "one without content-type";
  const message = `Expected a body of type ${typesOf(request).join(" or ")}, received ${type}`;
  return new Unreadable(requestError(415, message));
}

export function takeBodies(app: FastifyInstance, limits: ServiceLimits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(json, (_request: unknown, body: IncomingMessage) => jsonOf(body, limits));
  app.addContentTypeParser(ndjson, async (request: FastifyRequest, body: unknown) =>
    typesOf(request).includes(ndjson) ? body : wrongType(request),
  );
  app.addContentTypeParser("*", async (request: FastifyRequest) => wrongType(request));
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
