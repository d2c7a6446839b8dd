/** A small random Llama loaded into the native engine, and requests for it. */
import type { ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import type { NativePolicy, NativePolicyOptions, NativeRolloutRequest } from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";
import { makeFolder } from "./folder.js";
import { parityModels } from "./parity-models.js";
import { type ChangeTensor, type RandomModel, writeRandomModel } from "./random-model.js";

export const vocabularySize = 288;

const defaults: NativePolicyOptions = {
  weights: "f32",
  threads: 1,
  maxBatch: 8,
  kvMemoryBytes: 64 << 20,
  prefillChunk: 64,
};

export async function writeTinyModel(t: ExecutionContext, seed = 1, change?: ChangeTensor): Promise<string> {
  const directory = makeFolder(t);
  await writeRandomModel(directory, parityModels.llama as RandomModel, seed, change);
  return directory;
}

/** Loads the model; it is disposed of when the test ends. */
export async function loadTiny(
  t: ExecutionContext,
  directory: string,
  options: Partial<NativePolicyOptions> = {},
): Promise<NativePolicy> {
  const { checkpoint } = await openModel(directory);
  const policy = await loadNative().loadPolicy(checkpoint, { ...defaults, ...options });
  t.teardown(() => policy.dispose());
  return policy;
}

/** Bytes of one block of keys and values of the tiny model: 64 tokens, 3 layers, 2 kv heads of 16. */
export const blockBytes = 64 * 3 * 2 * 16 * 2 * 4;

let nextId = 1;

export interface PrefixOptions {
  prefixLength: number;
  numCompletions: number;
  stepIndex?: number;
  firstCompletion?: number;
}

/** A request over a trunk of pseudo-random tokens; `problem` chooses the trunk and the random streams. */
export function makeRequest(
  problem: number,
  trunkLength: number,
  prefixes: PrefixOptions[],
  options: Partial<NativeRolloutRequest> = {},
): NativeRolloutRequest {
  const pick = (values: (number | undefined)[]) => Int32Array.from(values, (value) => value ?? 0);
  return {
    id: nextId++,
    trunk: Int32Array.from({ length: trunkLength }, (_, i) => (problem * 97 + i * 31 + ((i * i) % 13)) % 256),
    prefixLengths: pick(prefixes.map((p) => p.prefixLength)),
    numCompletions: pick(prefixes.map((p) => p.numCompletions)),
    solutionIndices: pick(prefixes.map(() => 0)),
    stepIndices: pick(prefixes.map((p, i) => p.stepIndex ?? i)),
    firstCompletions: pick(prefixes.map((p) => p.firstCompletion)),
    seed: 7n,
    problemKey: BigInt(problem),
    temperature: 1,
    topK: 0,
    topP: 1,
    minP: 0,
    maxTokens: 40,
    stopTokens: Int32Array.of(256),
    stopBytes: new Uint8Array(0),
    stopBytesOffsets: Int32Array.of(0),
    ...options,
  };
}
