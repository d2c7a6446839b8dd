/** The engine against transformers on small random models; the goldens are made by scripts/make-parity-goldens.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openModel } from "../../src/model/open-model.js";
import type { NativePolicyOptions, NativeRolloutRequest } from "../../src/native/contract.js";
import { loadNative, packageRoot } from "../../src/native/loader.js";
import { makeFolder } from "../support/folder.js";
import { writeGgufModel } from "../support/gguf-model.js";
import { type ParityModel, parityModels } from "../support/parity-models.js";
import { writeRandomModel } from "../support/random-model.js";

interface Golden {
  seed: number;
  promptIds: number[];
  greedyIds: number[];
  /** Positions of prompt + greedy tokens, one row of `logits` each. */
  positions: number[];
  logits: number[][];
}

const options: NativePolicyOptions = {
  weights: "f32",
  threads: 1,
  maxBatch: 4,
  kvMemoryBytes: 64 << 20,
  prefillChunk: 16,
};

function greedyRequest(promptIds: number[], maxTokens: number): NativeRolloutRequest {
  return {
    id: 1,
    trunk: Int32Array.from(promptIds),
    prefixLengths: Int32Array.of(promptIds.length),
    numCompletions: Int32Array.of(1),
    solutionIndices: Int32Array.of(0),
    stepIndices: Int32Array.of(0),
    firstCompletions: Int32Array.of(0),
    seed: 0n,
    problemKey: 0n,
    temperature: 0,
    topK: 0,
    topP: 1,
    minP: 0,
    maxTokens,
    stopTokens: new Int32Array(0),
    stopBytes: new Uint8Array(0),
    stopBytesOffsets: Int32Array.of(0),
  };
}

/** Opens the model, loads it, and compares it with the golden. */
async function expectParity(t: ExecutionContext, path: string, model: ParityModel, golden: Golden): Promise<void> {
  const { checkpoint } = await openModel(path, { contextLength: model.contextLength });
  const policy = await loadNative().loadPolicy(checkpoint, options);
  try {
    const ids = Int32Array.from([...golden.promptIds, ...golden.greedyIds]);
    const logits = await policy.logits(ids, Int32Array.of(0, ids.length));
    const vocabularySize = checkpoint.config.vocabularySize;
    t.is(logits.length, ids.length * vocabularySize);
    let largest = 0;
    for (const [row, position] of golden.positions.entries()) {
      const wanted = golden.logits[row] as number[];
      for (let token = 0; token < vocabularySize; token++) {
        const difference = (logits[position * vocabularySize + token] as number) - (wanted[token] as number);
        // A NaN must not pass for a small difference.
        largest = Math.max(largest, Number.isNaN(difference) ? Infinity : Math.abs(difference));
      }
    }
    t.true(largest < 1e-4, `the largest difference of a logit is ${largest}`);
    const rollout = await policy.rollout(greedyRequest(golden.promptIds, golden.greedyIds.length));
    t.deepEqual(Array.from(rollout.values), golden.greedyIds);
  } finally {
    await policy.dispose();
  }
}

function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(join(packageRoot, `test/fixtures/parity/${name}.json`), "utf8"));
}

for (const [name, model] of Object.entries(parityModels)) {
  test(`${name}: logits are within 1e-4 of transformers and 128 greedy tokens are the same`, async (t) => {
    const golden = readGolden(name);
    const directory = makeFolder(t);
    await writeRandomModel(directory, model, golden.seed);
    await expectParity(t, directory, model, golden);
  });
}

// GGUF has no key for dynamic scaling, and keeps vectors in f32 whatever the type of the matrices.
const inGguf = Object.entries(parityModels).filter(
  ([name, { type, numFiles }]) => type === "F32" && numFiles === 1 && name !== "llama-dynamic",
);

for (const [name, model] of inGguf) {
  test(`${name} as a GGUF file: the same logits and tokens as the directory`, async (t) => {
    const golden = readGolden(name);
    const path = join(makeFolder(t), "model.gguf");
    await writeGgufModel(path, model, golden.seed);
    await expectParity(t, path, model, golden);
  });
}
