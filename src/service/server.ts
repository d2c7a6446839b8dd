/** A service: routes, error form, access log and metrics around a registry of models. It listens when it is told to. */
import { setMaxListeners } from "node:events";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { jsonSchemaTransform, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { z } from "zod";
import { ErprmError } from "../errors.js";
import { Grader } from "../grading/grader.js";
import { isLoopback } from "../policy/loopback.js";
import { logRequests } from "./access-log.js";
import type { ApiKeys } from "./api-keys.js";
import { authorize } from "./authorize.js";
import { takeBodies } from "./bodies.js";
import { ActiveRequests, closeConnections, dropIdleConnections } from "./connections.js";
import type { ServiceContext } from "./context.js";
import { errorBody } from "./error-body.js";
import { answerBrokenRequest, answerErrors } from "./error-handler.js";
import { busyError, requestError } from "./http-status.js";
import { type Batching, defaultBatching, defaultLimits, type ServiceLimits } from "./limits.js";
import { ServiceMetrics } from "./metrics.js";
import { watchModels } from "./models/memory-metrics.js";
import type { ModelRegistry } from "./models.js";
import { openApi } from "./openapi.js";
import { allRoutes } from "./routes.js";
import { Scorers } from "./scorers.js";
import { refuseUnknownRoutes } from "./unknown-route.js";
import { invalidRequest } from "./validation.js";

export interface ServiceOptions {
  /** The service does not dispose of them. */
  models: ModelRegistry;
  limits?: Partial<ServiceLimits> | undefined;
  batching?: Partial<Batching> | undefined;
  /** None: whoever reaches the address may ask. */
  keys?: ApiKeys | undefined;
  /** Gets failures of ours, without line ends; default: standard error. */
  log?: ((line: string) => void) | undefined;
  /** Gets a line a request; default: `log`. */
  accessLog?: ((line: string) => void) | undefined;
  /** Told in the OpenAPI document. */
  version?: string | undefined;
}

export interface Service {
  /** For tests (`inject`) and for more routes. */
  app: FastifyInstance;
  context: ServiceContext;
  /**
   * @returns the port
   * @throws ERPRM_INVALID_ARGUMENT for an address that other machines reach, without keys; ERPRM_IO when it is taken
   */
  listen(address: { host: string; port: number }): Promise<number>;
  /**
   * Readiness goes false and new work is refused; what runs may end within the seconds given, then it is aborted, and the
   * service closes. Idempotent.
   */
  drain(seconds: number): Promise<void>;
}

/** Time for answers of what was aborted to leave. */
const lastWordsMs = 1_000;

export async function createServer(options: ServiceOptions): Promise<Service> {
  const { models, keys, version = "0" } = options;
  const stopping = new AbortController();
  const ending = new AbortController();
  // Every request in flight listens.
  setMaxListeners(0, stopping.signal, ending.signal);
  const limits = { ...defaultLimits, ...options.limits };
  const metrics = new ServiceMetrics();
  watchModels(metrics.registry, models);
  const context: ServiceContext = {
    ...{ models, limits, metrics },
    scorers: new Scorers(limits, { ...defaultBatching, ...options.batching }, metrics),
    grader: new Grader(),
    stopping: stopping.signal,
    ending: ending.signal,
    draining: () => stopping.signal.aborted,
    log: options.log ?? ((line) => process.stderr.write(`${line}\n`)),
  };
  const app = fastify({
    bodyLimit: limits.maxBodyBytes,
    logger: false,
    // While draining, connections are answered and then closed by us.
    forceCloseConnections: "idle",
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (_error, _request, reply: FastifyReply) =>
      reply.code(400).send(errorBody(requestError(400, "Expected a path that is a valid URL"))),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(({ schema }) => (data) => {
    // A stream is checked line by line.
    if (data instanceof Readable) return { value: data };
    const parsed = (schema as z.ZodType).safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: invalidRequest(parsed.error, data) };
  });
  // Answers are made by typed code: writing them is all there is to do.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  const active = new ActiveRequests();
  active.watch(app);
  logRequests(app, context, options.accessLog ?? context.log);
  answerErrors(app, context);
  authorize(app, keys);
  refuseUnknownRoutes(app);
  takeBodies(app, limits);
  app.addHook("onRequest", async ({ method }, reply) => {
    if (!context.draining() || method !== "POST") return;
    reply.header("connection", "close");
    throw busyError("The server is shutting down", 1, 503);
  });
  dropIdleConnections(app.server, limits, active);
  await app.register(swagger, { openapi: openApi(version, keys), transform: jsonSchemaTransform });
  for (const routes of allRoutes) await app.register(routes, { context });
  await app.ready();

  const close = async (seconds: number) => {
    stopping.abort(new ErprmError("ERPRM_ABORTED", "The server is shutting down"));
    const timer = setTimeout(() => ending.abort(new ErprmError("ERPRM_ABORTED", "The server ends")), seconds * 1000);
    ending.signal.addEventListener("abort", () =>
      setTimeout(() => app.server.closeAllConnections(), lastWordsMs).unref(),
    );
    // The address is listened on until then, so that readiness can be asked for.
    await active.idle();
    await closeConnections(app.server);
    await app.close();
    clearTimeout(timer);
    await context.grader.dispose();
  };
  let closed: Promise<void> | undefined;

  return {
    app,
    context,
    listen: async ({ host, port }) => {
      if (!isLoopback(host) && !keys?.count) {
        throw new ErprmError(
          "ERPRM_INVALID_ARGUMENT",
          `Expected an API key for ${host}, which other machines may reach (a loopback address needs none), received none`,
          { name: "host", received: host },
        );
      }
      try {
        await app.listen({ host, port });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new ErprmError("ERPRM_IO", `Expected to listen on ${host}:${port}: ${why}`, { host, port }, error);
      }
      return (app.server.address() as AddressInfo).port;
    },
    drain: (seconds) => {
      closed ??= close(seconds);
      return closed;
    },
  };
}
