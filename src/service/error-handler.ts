/** Whatever is thrown in a route leaves in the one form of errors; what is our fault is noted in the log. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { ErprmError } from "../errors.js";
import type { ServiceContext } from "./context.js";
import { asErprmError, errorBody } from "./error-body.js";
import { clientGone, httpStatusOf, requestError } from "./http-status.js";

/** Where it was thrown and which file it is about, without its message: that may hold a text of the request. */
function traceOf(error: ErprmError): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  const frames = (cause.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  const { path } = error.details;
  const about = typeof path === "string" ? ` ${path}` : "";
  return [`${error.code} (${cause.name})${about}`, ...frames].join("\n");
}

/** Fastify's own errors carry a status; those below 500 are about the request. */
function fromThrown(thrown: unknown, { raw }: FastifyReply): ErprmError {
  if (thrown instanceof ErprmError) return thrown;
  const { statusCode, code, message } = thrown as Partial<FastifyError>;
  // A stream that was sent to nobody.
  if (code === "ERR_STREAM_PREMATURE_CLOSE" && raw.destroyed) return clientGone();
  if (thrown instanceof Error && statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return requestError(statusCode, message ?? "");
  }
  return asErprmError(thrown);
}

/** What is our fault is noted in the log. */
export function noteFailure({ log }: Pick<ServiceContext, "log">, where: string, error: ErprmError): void {
  if (httpStatusOf(error) === 500) log(`erprm: ${where}: ${traceOf(error)}`);
}

export function answerErrors(app: FastifyInstance, context: ServiceContext): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = fromThrown(thrown, reply);
    noteFailure(context, `${request.method} ${request.routeOptions.url ?? "-"}`, error);
    const { retryAfterSeconds } = error.details;
    if (typeof retryAfterSeconds === "number") reply.header("retry-after", String(Math.ceil(retryAfterSeconds)));
    return reply.code(httpStatusOf(error)).type("application/json").send(errorBody(error));
  });
}

/** What is no HTTP, or no path, before there is a request that a route could answer. */
const beforeRequests: Record<string, [status: number, what: string]> = {
  HPE_HEADER_OVERFLOW: [431, "Expected shorter headers"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Expected a request in time"],
};

/** Answers on the bare connection and closes it. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  const [status, what] = beforeRequests[error.code ?? ""] ?? [400, "Expected an HTTP request"];
  const body = JSON.stringify(errorBody(requestError(status, what)));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
