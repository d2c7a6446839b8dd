/** The rows of the rollout benchmark: how each engine is started, on a workload and on the tokens that all have to agree in. */
import { join } from "node:path";
import { packageRoot } from "../../src/native/loader.js";
import type { LlamaCpp, LlamaCppType } from "./llama-cpp.js";
import type { LlamaCppSetting } from "./llama-cpp-setting.js";
import type { PrecisionClass } from "./quality.js";

export const engineNames = [
  "erprm-int8",
  "erprm-f32",
  "llama.cpp-Q8_0",
  "llama.cpp-Q4_0",
  "llama.cpp-F16",
  "node-llama-cpp-Q8_0",
  "transformers-f32",
] as const;
export type EngineName = (typeof engineNames)[number];

export interface Engine {
  name: EngineName;
  precision: PrecisionClass;
  /** Not a peer. */
  ours: boolean;
  /** Needs minutes where others need seconds. */
  slow: boolean;
  /** The command for the workload in this file. */
  rollout(file: string, setting: LlamaCppSetting): string[];
  /** The command for the pieces in this file; absent: `as` is the row with the same libraries and weights. */
  logProbabilities?(file: string): string[];
  as?: EngineName;
}

export interface EngineParts {
  model: string;
  threads: number;
  /** A Python with transformers. */
  python?: string | undefined;
  llamaCpp?: (LlamaCpp & { folder: string; weights: Record<LlamaCppType, string> }) | undefined;
}

const peers = join(packageRoot, "test", "bench", "peers");
const compiled = join(packageRoot, "dist", "test", "bench", "peers");

function ourEngine(weights: "int8" | "f32", { model, threads }: EngineParts): Engine {
  return {
    name: `erprm-${weights}`,
    precision: weights === "int8" ? "8 bits" : "f32",
    ours: true,
    slow: false,
    rollout: (file) => ["node", join(compiled, "erprm.js"), file, weights],
    logProbabilities: (file) => [
      "node",
      join(compiled, "erprm-log-probabilities.js"),
      model,
      file,
      String(threads),
      weights,
    ],
  };
}

const classOf: Record<LlamaCppType, PrecisionClass> = { Q8_0: "8 bits", Q4_0: "4 bits", F16: "f32" };

/** All that can run with these parts, in the order of their rows. */
export function makeEngines(parts: EngineParts): Engine[] {
  const { python, llamaCpp, threads } = parts;
  const engines = [ourEngine("int8", parts), ourEngine("f32", parts)];
  if (llamaCpp) {
    const { driver, weights, folder } = llamaCpp;
    for (const [type, path] of Object.entries(weights) as [LlamaCppType, string][]) {
      engines.push({
        name: `llama.cpp-${type}`,
        precision: classOf[type],
        ours: false,
        slow: false,
        rollout: (file, { memory, slots }) => [...driver, "rollout", path, file, memory, String(slots)],
        logProbabilities: (file) => [...driver, "log-probabilities", path, file, String(threads)],
      });
    }
    engines.push({
      name: "node-llama-cpp-Q8_0",
      precision: "8 bits",
      ours: false,
      slow: true,
      rollout: (file) => ["node", join(peers, "node-llama-cpp.mjs"), file, weights.Q8_0, folder],
      as: "llama.cpp-Q8_0",
    });
  }
  if (python) {
    engines.push({
      name: "transformers-f32",
      precision: "f32",
      ours: false,
      slow: true,
      rollout: (file) => [python, join(peers, "transformers-generate.py"), file],
      logProbabilities: (file) => [
        python,
        join(peers, "transformers-log-probabilities.py"),
        parts.model,
        file,
        String(threads),
      ],
    });
  }
  return engines;
}
