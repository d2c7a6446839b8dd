/** What the OpenAPI document says beside the routes. */
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import type { ApiKeys } from "./api-keys.js";

export function openApi(
  version: string,
  keys: ApiKeys | undefined,
): NonNullable<FastifyDynamicSwaggerOptions["openapi"]> {
  const description = "Step scores of reward models, grades of final answers, completions of policies";
  return {
    openapi: "3.1.0",
    info: { title: "erprm", description, version },
    ...(keys?.count && {
      components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
      security: [{ key: [] }],
    }),
  };
}
