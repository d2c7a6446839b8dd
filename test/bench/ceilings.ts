/** What this machine can multiply at most, measured, and what a workload's products come to: how far a row is from the ceiling. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expectedTensors } from "../../src/model/expected-tensors.js";
import type { ModelConfig } from "../../src/native/contract.js";
import { packageRoot } from "../../src/native/loader.js";
import type { PrecisionClass } from "./quality.js";
import { trunkTokensOf, type Workload } from "./workload.js";

/** Operations a second of all threads together, in 10^9; a product and a sum are two. */
export interface Ceilings {
  /** Fused multiply-adds of f32 vectors. */
  f32: number;
  /** Products of 8-bit vectors summed up in 32 bits. */
  int8: number;
  /** The same in tiles (AMX); absent where the processor has none. */
  int8Tiles?: number;
  bf16Tiles?: number;
}

/** Undefined where no program can be built for it; standard error says why. @param work a folder to build in */
export function measureCeilings(work: string, threads: number): Ceilings | undefined {
  const program = join(work, "ceilings");
  const source = join(packageRoot, "test", "bench", "peers", "ceilings.cc");
  try {
    execFileSync("g++", ["-std=c++20", "-O3", "-march=native", "-pthread", source, "-o", program], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  } catch (error) {
    console.error(`The shares of the ceiling are missing: ${(error as Error).message}`);
    return undefined;
  }
  return JSON.parse(execFileSync(program, [String(threads)], { encoding: "utf8" })) as Ceilings;
}

/** Numbers that a token is multiplied by: those of all layers' matrices, and those of the output matrix. */
export function multipliedWeights(config: ModelConfig): { layers: number; output: number } {
  const output = config.vocabularySize * config.hiddenSize;
  let layers = 0;
  for (const [name, shape] of expectedTensors(config)) {
    if (name.startsWith("model.layers.") && shape.length === 2) layers += (shape[0] as number) * (shape[1] as number);
  }
  return { layers, output };
}

/**
 * 10^9 operations of linear layers that nobody can do without: every trunk token once through the layers, every sampled token but a
 * completion's last through the layers, and a row of logits for every sampled token. Attention is left out.
 */
export function leastWork(config: ModelConfig, workload: Workload, completions: number, tokens: number): number {
  const { layers, output } = multipliedWeights(config);
  return (2 * (layers * (trunkTokensOf(workload) + tokens - completions) + output * tokens)) / 1e9;
}

/** The vectors' ceiling for this class; rows with tiles can be above it. */
export const vectorCeiling = (ceilings: Ceilings, precision: PrecisionClass): number =>
  precision === "f32" ? ceilings.f32 : ceilings.int8;

/** The tiles' ceiling: weights of 16 bits are multiplied in bf16. */
export const tileCeiling = (ceilings: Ceilings, precision: PrecisionClass): number | undefined =>
  precision === "f32" ? ceilings.bf16Tiles : ceilings.int8Tiles;
