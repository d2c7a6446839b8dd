/** What Prometheus is told of the models' memory. */
import { Gauge, type Registry } from "prom-client";
import type { ModelRegistry } from "../models.js";

export function watchModels(registry: Registry, models: ModelRegistry): void {
  const ofModel = { labelNames: ["model", "kind"] as const, registers: [registry] };
  new Gauge({
    name: "erprm_model_loaded",
    help: "1: the model is in memory; 0: it is loaded when it is used next",
    ...ofModel,
    collect() {
      for (const { name, kind, facts } of models.all())
        this.set({ model: name, kind }, facts().loaded === false ? 0 : 1);
    },
  });
  new Gauge({
    name: "erprm_model_memory_bytes",
    help: "What the model takes at most when it is loaded",
    ...ofModel,
    collect() {
      for (const { name, kind, facts } of models.all()) {
        const bytes = facts().memory_bytes;
        if (typeof bytes === "number") this.set({ model: name, kind }, bytes);
      }
    },
  });
}
