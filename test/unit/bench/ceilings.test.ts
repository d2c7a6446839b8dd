import test from "ava";
import { readHfConfig } from "../../../src/model/hf-config.js";
import { leastWork, multipliedWeights, tileCeiling, vectorCeiling } from "../../bench/ceilings.js";
import { shapes } from "../../bench/random-checkpoint.js";
import type { Workload } from "../../bench/workload.js";

const { config } = readHfConfig("config.json", shapes.tiny);
const workload: Workload = {
  model: "",
  trunks: [{ tokens: Array(10).fill(1), prefixLengths: [5, 10], numCompletions: 4 }],
  numTokens: 6,
  endTokens: [],
  batch: 8,
  threads: 2,
};

test("the weights of a token are those of all matrices of the layers and of the output matrix", (t) => {
  // 6 heads of 32 and 2 of keys and values, 512 wide in between, 6 layers.
  const layer = 192 * 192 + 2 * 64 * 192 + 192 * 192 + 3 * 512 * 192;
  t.deepEqual(multipliedWeights(config), { layers: 6 * layer, output: 768 * 192 });
});

test("the least work has the trunk once, no last token in the layers, and logits for what was sampled", (t) => {
  const { layers, output } = multipliedWeights(config);
  const [completions, tokens] = [8, 48];
  t.is(leastWork(config, workload, completions, tokens), (2 * (layers * (10 + 48 - 8) + output * 48)) / 1e9);
});

test("f32 is measured by multiply-adds, everything else by 8-bit products; tiles only where there are some", (t) => {
  const ceilings = { f32: 100, int8: 400, int8Tiles: 3000, bf16Tiles: 1500 };
  t.is(vectorCeiling(ceilings, "f32"), 100);
  t.is(vectorCeiling(ceilings, "8 bits"), 400);
  t.is(vectorCeiling(ceilings, "4 bits"), 400);
  t.is(tileCeiling(ceilings, "f32"), 1500);
  t.is(tileCeiling(ceilings, "8 bits"), 3000);
  t.is(tileCeiling({ f32: 100, int8: 400 }, "8 bits"), undefined);
});
