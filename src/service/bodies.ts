/** What bodies a server takes: JSON, read whole; NDJSON, left to the route that streams it. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { requestError } from "./http-status.js";
import type { ServiceLimits } from "./limits.js";
import { parseJson, readBody } from "./read-body.js";

export const ndjson = "application/x-ndjson";

/** How long a client that was answered may go on sending what nobody reads, so that it gets to read the answer. */
const lingerMs = 2_000;

export function takeBodies(app: FastifyInstance, limits: ServiceLimits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", async (_request: unknown, body: IncomingMessage) =>
    parseJson(await readBody(body, limits)),
  );
  app.addContentTypeParser(ndjson, async (_request: unknown, body: unknown) => body);
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
