/** All groups of routes. A new group is a file in routes/ and a line here. */
import type { Routes } from "./context.js";
import { completionRoutes } from "./routes/completions.js";
import { gradeRoutes } from "./routes/grade.js";
import { healthRoutes } from "./routes/health.js";
import { modelRoutes } from "./routes/models.js";
import { poolingRoutes } from "./routes/pooling.js";
import { scoreRoutes } from "./routes/score.js";

export const allRoutes: readonly Routes[] = [
  healthRoutes,
  modelRoutes,
  scoreRoutes,
  gradeRoutes,
  poolingRoutes,
  completionRoutes,
];
