/** `GET /v1/models`, as OpenAI clients list them. */
import { z } from "zod";
import type { Routes } from "../context.js";

const modelEntry = z.looseObject({
  id: z.string().describe("What requests call the model"),
  object: z.literal("model"),
  created: z.number().describe("Seconds since 1970"),
  owned_by: z.string(),
  kind: z.enum(["policy", "reward-model"]),
});

export const modelRoutes: Routes = async (app, { context }) => {
  app.get(
    "/v1/models",
    {
      schema: {
        summary: "The models of this server",
        tags: ["models"],
        response: { 200: z.object({ object: z.literal("list"), data: z.array(modelEntry) }) },
      },
    },
    async () => ({
      object: "list" as const,
      data: context.models.all().map(({ name, kind, created, facts }) => ({
        ...facts(),
        ...{ id: name, object: "model" as const, created, owned_by: "erprm", kind },
      })),
    }),
  );
};
