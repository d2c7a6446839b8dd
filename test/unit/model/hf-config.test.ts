import test from "ava";
import { readHfConfig } from "../../../src/model/hf-config.js";

const sizes = {
  hidden_size: 64,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 3,
  intermediate_size: 96,
  vocab_size: 100,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
};

const read = (values: Record<string, unknown>) => readHfConfig("config.json", { ...sizes, ...values }).config;
const readWith = (values: Record<string, unknown>) => () => read(values);

test("a llama config gives its numbers and derives what it leaves out", (t) => {
  const { ropeInverseFrequencies, slidingLayers, ...numbers } = read({ model_type: "llama" });
  t.deepEqual(numbers, {
    numLayers: 3,
    hiddenSize: 64,
    intermediateSize: 96,
    numHeads: 4,
    numKvHeads: 2,
    headSize: 16,
    vocabularySize: 100,
    contextLength: 128,
    normEpsilon: 1e-5,
    ropeScale: 1,
    slidingWindow: 0,
    tiedEmbeddings: false,
    attentionBias: false,
    attentionOutputBias: false,
    feedForwardBias: false,
    queryKeyNorm: false,
  });
  t.is(ropeInverseFrequencies.length, 8);
  t.deepEqual(slidingLayers, new Uint8Array(3));
});

test("head_dim is taken where it is written, derived where it is null, 128 for a Qwen3 that is silent", (t) => {
  t.is(read({ model_type: "mistral", head_dim: 24 }).headSize, 24);
  t.is(read({ model_type: "mistral", head_dim: null }).headSize, 16);
  t.is(read({ model_type: "qwen3" }).headSize, 128);
  t.is(read({ model_type: "qwen3", head_dim: null }).headSize, 16);
});

test("biases and norms are those of the family and its switches", (t) => {
  const flags = (values: Record<string, unknown>) => {
    const config = read(values);
    return [config.attentionBias, config.attentionOutputBias, config.feedForwardBias, config.queryKeyNorm];
  };
  const switches = { attention_bias: true, mlp_bias: true };
  t.deepEqual(flags({ model_type: "llama", ...switches }), [true, true, true, false]);
  t.deepEqual(flags({ model_type: "mistral", ...switches }), [false, false, false, false]);
  t.deepEqual(flags({ model_type: "qwen2" }), [true, false, false, false]);
  t.deepEqual(flags({ model_type: "qwen3" }), [false, false, false, true]);
  t.deepEqual(flags({ model_type: "qwen3", ...switches }), [true, true, false, true]);
});

const sliding: [claim: string, values: Record<string, unknown>, window: number, layers: number[]][] = [
  ["llama never slides", { model_type: "llama", sliding_window: 16 }, 0, [0, 0, 0]],
  ["mistral slides in every layer", { model_type: "mistral", sliding_window: 16 }, 16, [1, 1, 1]],
  ["a silent mistral slides over 4096 keys", { model_type: "mistral" }, 4096, [1, 1, 1]],
  ["a null window of mistral is none", { model_type: "mistral", sliding_window: null }, 0, [0, 0, 0]],
  ["qwen slides only when it says so", { model_type: "qwen2", sliding_window: 16, max_window_layers: 1 }, 0, [0, 0, 0]],
  [
    "qwen slides from max_window_layers on",
    { model_type: "qwen2", use_sliding_window: true, sliding_window: 16, max_window_layers: 1 },
    16,
    [0, 1, 1],
  ],
  [
    "qwen slides everywhere with max_window_layers 0",
    { model_type: "qwen3", use_sliding_window: true, sliding_window: 16, max_window_layers: 0 },
    16,
    [1, 1, 1],
  ],
  [
    "qwen with no layer beyond max_window_layers does not slide",
    { model_type: "qwen2", use_sliding_window: true, sliding_window: 16, max_window_layers: 3 },
    0,
    [0, 0, 0],
  ],
  [
    "layer_types decide alone",
    {
      model_type: "qwen3",
      use_sliding_window: true,
      sliding_window: 16,
      layer_types: ["sliding_attention", "full_attention", "sliding_attention"],
    },
    16,
    [1, 0, 1],
  ],
];

for (const [claim, values, window, layers] of sliding) {
  test(claim, (t) => {
    const config = read(values);
    t.is(config.slidingWindow, window);
    t.deepEqual([...config.slidingLayers], layers);
  });
}

const refused: [claim: string, values: Record<string, unknown>, message: RegExp][] = [
  ["another family is refused", { model_type: "gpt2" }, /model_type to be one of llama, .*, received "gpt2"/],
  ["a config without a family is refused", {}, /model_type to be one of .*, received nothing/],
  [
    "a model with another head is refused",
    { model_type: "qwen2", architectures: ["Qwen2ForQuestionAnswering"] },
    /architectures to be one of \["Qwen2ForCausalLM"\], .*received \["Qwen2ForQuestionAnswering"\]/,
  ],
  [
    "a class of another family is refused",
    { model_type: "llama", architectures: ["Qwen2ForCausalLM"] },
    /architectures to be one of \["LlamaForCausalLM"\], .*received \["Qwen2ForCausalLM"\]/,
  ],
  [
    "Qwen's process reward model is refused for another family",
    { model_type: "qwen3", architectures: ["Qwen3ForProcessRewardModel"] },
    /architectures to be one of .*received \["Qwen3ForProcessRewardModel"\]/,
  ],
  ["a class that is a word is refused", { model_type: "llama", architectures: "LlamaForCausalLM" }, /architectures/],
  [
    "another activation is refused",
    { model_type: "llama", hidden_act: "gelu" },
    /hidden_act to be silu, received "gelu"/,
  ],
  [
    "quantised safetensors are refused by method",
    { model_type: "llama", quantization_config: { quant_method: "gptq" } },
    /quantization_config to be absent.*gptq/,
  ],
  [
    "a size that is missing is refused",
    { model_type: "llama", hidden_size: undefined },
    /hidden_size .*received nothing/,
  ],
  ["a size that is a word is refused", { model_type: "llama", vocab_size: "100" }, /vocab_size .*received "100"/],
  [
    "heads that do not divide the width are refused",
    { model_type: "llama", hidden_size: 66 },
    /hidden_size .*multiple/,
  ],
  ["an odd head size is refused", { model_type: "mistral", head_dim: 15 }, /head_dim to be even, received 15/],
  [
    "heads that key-value heads do not divide are refused",
    { model_type: "llama", num_key_value_heads: 3 },
    /num_key_value_heads to be a divisor of num_attention_heads \(4\), received 3/,
  ],
  [
    "sliding layers without a window are refused",
    { model_type: "qwen2", layer_types: ["sliding_attention", "full_attention", "full_attention"] },
    /layer_types to be without sliding_attention/,
  ],
  [
    "layer types that are not one a layer are refused",
    { model_type: "qwen2", layer_types: ["full_attention"] },
    /layer_types to be a list of 3 layer types/,
  ],
  [
    "an unknown layer type is refused",
    { model_type: "qwen2", layer_types: ["full_attention", "linear_attention", "full_attention"] },
    /layer_types\[1\] to be full_attention or sliding_attention, received "linear_attention"/,
  ],
];

for (const [claim, values, message] of refused) {
  test(claim, (t) => {
    const error = t.throws(readWith(values), { code: "ERPRM_INVALID_CHECKPOINT", message });
    t.true(error.message.startsWith("config.json: "));
  });
}
