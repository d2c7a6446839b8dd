/** A service: routes, error form, access log and metrics around a registry of models. It listens when it is told to. */
import type { AddressInfo } from "node:net";
import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance } from "fastify";
import { jsonSchemaTransform, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { z } from "zod";
import { ErprmError } from "../errors.js";
import { logRequests } from "./access-log.js";
import type { ServiceContext } from "./context.js";
import { answerErrors } from "./error-handler.js";
import { defaultLimits, type ServiceLimits } from "./limits.js";
import { ServiceMetrics } from "./metrics.js";
import type { ModelRegistry } from "./models.js";
import { allRoutes } from "./routes.js";
import { invalidRequest } from "./validation.js";

export interface ServiceOptions {
  /** The service does not dispose of them. */
  models: ModelRegistry;
  limits?: Partial<ServiceLimits> | undefined;
  /** Gets lines without line ends; default: standard error. */
  log?: ((line: string) => void) | undefined;
  /** Told in the OpenAPI document. */
  version?: string | undefined;
}

export interface Service {
  /** For tests (`inject`) and for more routes. */
  app: FastifyInstance;
  context: ServiceContext;
  /** @returns the port. @throws ERPRM_IO when the address cannot be listened on */
  listen(address: { host: string; port: number }): Promise<number>;
  /**
   * Readiness goes false and new work is refused; what runs may end within the seconds given, then it is aborted, and the
   * service closes. Idempotent.
   */
  drain(seconds: number): Promise<void>;
}

export async function createServer({ models, limits, log, version = "0" }: ServiceOptions): Promise<Service> {
  const ending = new AbortController();
  let drained: Promise<void> | undefined;
  const context: ServiceContext = {
    models,
    limits: { ...defaultLimits, ...limits },
    metrics: new ServiceMetrics(),
    ending: ending.signal,
    draining: () => drained !== undefined,
    log: log ?? ((line) => process.stderr.write(`${line}\n`)),
  };
  const app = fastify({
    bodyLimit: context.limits.maxBodyBytes,
    logger: false,
    // While draining, connections are answered and then closed by us.
    forceCloseConnections: "idle",
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(({ schema }) => (data) => {
    const parsed = (schema as z.ZodType).safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: invalidRequest(parsed.error) };
  });
  // Answers are made by typed code: writing them is all there is to do.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  answerErrors(app, context);
  logRequests(app, context);
  await app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: "erprm", description: "Step scores of reward models", version } },
    transform: jsonSchemaTransform,
  });
  for (const routes of allRoutes) await app.register(routes, { context });
  await app.ready();

  return {
    app,
    context,
    listen: async ({ host, port }) => {
      try {
        await app.listen({ host, port });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new ErprmError("ERPRM_IO", `Expected to listen on ${host}:${port}: ${why}`, { host, port }, error);
      }
      return (app.server.address() as AddressInfo).port;
    },
    drain: (seconds) => {
      drained ??= (async () => {
        const timer = setTimeout(
          () => ending.abort(new ErprmError("ERPRM_ABORTED", "The server ends")),
          seconds * 1000,
        );
        await app.close();
        clearTimeout(timer);
      })();
      return drained;
    },
  };
}
