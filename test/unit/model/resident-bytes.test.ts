import test from "ava";
import { openModel } from "../../../src/model/open-model.js";
import { residentBytes, totalBytes } from "../../../src/model/resident-bytes.js";
import { Policy } from "../../../src/policy/policy.js";

const options = {
  weights: "f32",
  kvMemoryBytes: 2 ** 40,
  forwardRows: 320,
  logitRows: 128,
  numSequences: 3,
} as const;

test("f32 weights take four bytes for each number of the model, the output matrix included", async (t) => {
  const { checkpoint } = await openModel("builtin:tiny");
  const numbers = checkpoint.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  // Its embedding is its output matrix, and all its sizes are whole vectors.
  t.is(residentBytes(checkpoint, options).weights, 4 * numbers);
});

test("int8 weights take a byte each and four for each group of 128 or the rest of a row, norms stay as they are", async (t) => {
  const { checkpoint } = await openModel("builtin:tiny");
  const { numLayers, hiddenSize, intermediateSize } = checkpoint.config;
  const norms = (2 * numLayers + 1) * hiddenSize * 4;
  const numbers = (residentBytes(checkpoint, options).weights - norms) / 4;
  // Rows of down_proj have 512 inputs, four groups; all others 192, two.
  const down = numLayers * hiddenSize * intermediateSize;
  const groups = down / 128 + (numbers - down) / 96;
  t.is(residentBytes(checkpoint, { ...options, weights: "int8" }).weights - norms, numbers + 4 * groups);
});

test("a reward model has no output matrix, and its value head counts", async (t) => {
  const { checkpoint } = await openModel("builtin:tiny");
  const { vocabularySize, hiddenSize } = checkpoint.config;
  const without = residentBytes(checkpoint, { ...options, logitRows: 0 });
  t.is(residentBytes(checkpoint, options).weights - without.weights, 4 * vocabularySize * hiddenSize);
  const valueHead = [{ name: "score", outputs: 1, bias: true }];
  const headed = residentBytes({ ...checkpoint, valueHead }, { ...options, logitRows: 0 });
  t.is(headed.weights - without.weights, 4 * 16 * (hiddenSize + 1));
});

test("keys and values are bounded by the option, and by what the sequences can hold", async (t) => {
  const { checkpoint } = await openModel("builtin:tiny");
  const { numLayers, numKvHeads, headSize, contextLength } = checkpoint.config;
  t.is(residentBytes(checkpoint, options).keysAndValues, 3 * contextLength * 2 * numLayers * numKvHeads * headSize * 4);
  t.is(residentBytes(checkpoint, { ...options, kvMemoryBytes: 1000 }).keysAndValues, 1000);
  const endless = { ...options, numSequences: Number.POSITIVE_INFINITY };
  t.is(residentBytes(checkpoint, endless).keysAndValues, 2 ** 40);
});

test("a policy's engine stays within the keys and values that are told beforehand", async (t) => {
  const opened = await Policy.open("builtin:tiny", { maxBatch: 2, threads: 1 });
  const policy = await opened.load();
  t.teardown(() => policy.dispose());
  const prompts = Array.from({ length: 12 }, (_, i) => `${"7 + 5 = ".repeat(40)}${i}`);
  for await (const _ of policy.rollout(prompts, { maxTokens: 400, stopTokenIds: [], numCompletions: 2 }));
  const { keysAndValues } = opened.memory as NonNullable<typeof opened.memory>;
  const { kvBytesPeak } = policy.stats();
  t.true(kvBytesPeak > 0 && kvBytesPeak <= keysAndValues, `${kvBytesPeak} of ${keysAndValues} bytes`);
  t.true(totalBytes(opened.memory as NonNullable<typeof opened.memory>) > keysAndValues);
});
