/** All groups of routes. A new group is a file in routes/ and a line here. */
import type { Routes } from "./context.js";
import { healthRoutes } from "./routes/health.js";
import { modelRoutes } from "./routes/models.js";

export const allRoutes: readonly Routes[] = [healthRoutes, modelRoutes];
