/** Whatever is thrown in a route leaves in the one form of errors; what is our fault is noted in the log. */
import type { FastifyError, FastifyInstance } from "fastify";
import { ErprmError } from "../errors.js";
import type { ServiceContext } from "./context.js";
import { asErprmError, errorBody } from "./error-body.js";
import { httpStatusOf, requestError } from "./http-status.js";

/** Where it was thrown, without its message: that may hold a text of the request. */
function traceOf(error: ErprmError): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  const frames = (cause.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  return [`${error.code} (${cause.name})`, ...frames].join("\n");
}

/** Fastify's own errors carry a status; those below 500 are about the request. */
function fromThrown(thrown: unknown): ErprmError {
  if (thrown instanceof ErprmError) return thrown;
  const { statusCode, message } = thrown as Partial<FastifyError>;
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
    const error = fromThrown(thrown);
    noteFailure(context, `${request.method} ${request.routeOptions.url ?? "-"}`, error);
    const { retryAfterSeconds } = error.details;
    if (typeof retryAfterSeconds === "number") reply.header("retry-after", String(Math.ceil(retryAfterSeconds)));
    return reply.code(httpStatusOf(error)).type("application/json").send(errorBody(error));
  });
  app.setNotFoundHandler((request) => {
    throw requestError(
      404,
      `Expected a route of this server (GET /openapi.json lists them), received ${request.method}`,
    );
  });
}
