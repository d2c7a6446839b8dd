import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readHfConfig } from "../../../src/model/hf-config.js";
import { packageRoot } from "../../../src/native/loader.js";

interface Case {
  name: string;
  config: Record<string, unknown>;
  contextLength?: number;
  inverseFrequencies: number[];
  scale: number;
}

const { cases }: { cases: Case[] } = JSON.parse(readFileSync(join(packageRoot, "test/fixtures/rope.json"), "utf8"));

for (const { name, config, contextLength, inverseFrequencies, scale } of cases) {
  test(`frequencies are those of transformers: ${name}`, (t) => {
    const read = readHfConfig("config.json", config, contextLength).config;
    t.is(read.ropeInverseFrequencies.length, inverseFrequencies.length);
    t.true(Math.abs(read.ropeScale / scale - 1) < 1e-6, `scale ${read.ropeScale}, expected ${scale}`);
    for (const [plane, expected] of inverseFrequencies.entries()) {
      const found = read.ropeInverseFrequencies[plane] as number;
      // The reference raises the base to a power in f32, which costs some 1e-6.
      t.true(Math.abs(found / expected - 1) < 4e-6, `plane ${plane}: ${found}, expected ${expected}`);
    }
  });
}

const base = {
  model_type: "llama",
  hidden_size: 64,
  num_attention_heads: 4,
  num_hidden_layers: 1,
  intermediate_size: 8,
  vocab_size: 10,
  max_position_embeddings: 128,
};

function withRope(rope: unknown, contextLength?: number): () => unknown {
  return () => readHfConfig("config.json", { ...base, rope_scaling: rope }, contextLength);
}

test("an unknown scaling is refused by name", (t) => {
  const error = t.throws(withRope({ type: "mrope" }), { code: "ERPRM_INVALID_CHECKPOINT" });
  t.regex(error.message, /config\.json: Expected rope_scaling\.type .*llama3, longrope, received "mrope"/);
});

test("a scaling without its factor, or with one that is not a number, is refused", (t) => {
  t.throws(withRope({ type: "linear" }), { message: /rope_scaling\.factor to be a positive number, received nothing/ });
  t.throws(withRope({ type: "linear", factor: "2" }), { message: /rope_scaling\.factor .*received "2"/ });
  t.throws(withRope({ type: "dynamic", factor: 0.5 }), { message: /rope_scaling\.factor to be at least 1/ });
});

test("longrope factors that are not one a plane are refused", (t) => {
  const rope = { type: "longrope", short_factor: [1, 1], long_factor: [1, 1] };
  t.throws(withRope(rope), { message: /rope_scaling\.short_factor to be a list of 8 positive numbers/ });
});

test("partly rotated heads are refused", (t) => {
  t.throws(withRope({ type: "linear", factor: 2, partial_rotary_factor: 0.5 }), { message: /partial_rotary_factor/ });
});

test("rope parameters by layer type count when they are the same and are refused when they differ", (t) => {
  const linear = { rope_type: "linear", rope_theta: 10000, factor: 2 };
  const read = (other: unknown) =>
    readHfConfig("config.json", { ...base, rope_parameters: { full_attention: linear, sliding_attention: other } });
  t.is(read(linear).config.ropeInverseFrequencies[0], 0.5);
  t.throws(() => read({ ...linear, factor: 4 }), { message: /rope_parameters to be the same for all layers/ });
});

test("a context longer than the scaling was made for is refused, one up to it is served", (t) => {
  const length = (rope: unknown, wanted: number) =>
    readHfConfig("config.json", { ...base, rope_scaling: rope }, wanted).config.contextLength;
  t.is(length({ type: "dynamic", factor: 4 }, 512), 512);
  t.is(length({ type: "yarn", factor: 4, original_max_position_embeddings: 64 }, 256), 256);
  t.throws(withRope({ type: "dynamic", factor: 4 }, 513), {
    code: "ERPRM_INVALID_ARGUMENT",
    message: /contextLength to be an integer from 1 to 512/,
  });
  t.throws(withRope(undefined, 129), { message: /1 to 128/ });
});
