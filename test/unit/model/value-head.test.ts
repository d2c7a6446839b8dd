import test from "ava";
import { expectedTensors } from "../../../src/model/expected-tensors.js";
import { Fields } from "../../../src/model/fields.js";
import { readHfConfig } from "../../../src/model/hf-config.js";
import { tensorTable } from "../../../src/model/tensor-table.js";
import { className, type HeadClass, readHeadClass, readValueHead } from "../../../src/model/value-head.js";
import type { ValueHeadLayer } from "../../../src/native/contract.js";

const { config } = readHfConfig("config.json", {
  model_type: "llama",
  hidden_size: 8,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  intermediate_size: 12,
  vocab_size: 20,
  tie_word_embeddings: false,
});

function read(head: HeadClass, shapes: Record<string, number[]>, values: Record<string, unknown> = {}) {
  return readValueHead(new Fields("config.json", values), head, 8, new Map(Object.entries(shapes)));
}

test("the class in architectures tells the head; a silent config is a language model's", (t) => {
  const headOf = (values: Record<string, unknown>) => readHeadClass(new Fields("config.json", values), "qwen2");
  t.is(headOf({}), "CausalLM");
  for (const head of ["CausalLM", "TokenClassification", "SequenceClassification", "ProcessRewardModel"] as const) {
    t.is(headOf({ architectures: [className("qwen2", head)] }), head);
  }
  t.is(className("mistral", "TokenClassification"), "MistralForTokenClassification");
});

const body = { "model.norm.weight": [8] };

test("the stored tensors say how many outputs a head has and whether it has a bias", (t) => {
  const cases: [HeadClass, Record<string, number[]>, ValueHeadLayer[]][] = [
    ["CausalLM", { "score.weight": [2, 8] }, []],
    ["TokenClassification", { "score.weight": [2, 8], "score.bias": [2] }, [{ name: "score", outputs: 2, bias: true }]],
    ["TokenClassification", { "score.weight": [1, 8] }, [{ name: "score", outputs: 1, bias: false }]],
    ["SequenceClassification", { "score.weight": [3, 8] }, [{ name: "score", outputs: 3, bias: false }]],
    [
      "ProcessRewardModel",
      { "score.0.weight": [16, 8], "score.0.bias": [16], "score.2.weight": [2, 16], "score.2.bias": [2] },
      [
        { name: "score.0", outputs: 16, bias: true },
        { name: "score.2", outputs: 2, bias: true },
      ],
    ],
  ];
  for (const [head, shapes, layers] of cases) t.deepEqual(read(head, { ...body, ...shapes }), layers);
});

test("without tensors the config says how many labels there are, two where it is silent", (t) => {
  const outputs = (values: Record<string, unknown>) => read("TokenClassification", {}, values);
  t.deepEqual(outputs({}), [{ name: "score", outputs: 2, bias: true }]);
  t.deepEqual(outputs({ num_labels: 1 }), [{ name: "score", outputs: 1, bias: true }]);
  t.deepEqual(outputs({ id2label: { 0: "a", 1: "b", 2: "c" } }), [{ name: "score", outputs: 3, bias: true }]);
  t.deepEqual(read("SequenceClassification", {}, { num_labels: 1 }), [{ name: "score", outputs: 1, bias: false }]);
  t.deepEqual(read("ProcessRewardModel", {}), [
    { name: "score.0", outputs: 8, bias: true },
    { name: "score.2", outputs: 2, bias: true },
  ]);
});

test("a head with another number of outputs than the config states labels is refused, naming the field", (t) => {
  const shapes = { "score.weight": [2, 8], "score.bias": [2] };
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ num_labels: 3 }, /num_labels to be 2 labels, the outputs of score\.weight, received 3/],
    [{ id2label: { 0: "only" } }, /id2label to be 2 labels, the outputs of score\.weight, received 1/],
    [{ id2label: "x" }, /id2label to be an object/],
    [{ id2label: {} }, /id2label to be an object/],
    [{ num_labels: 0 }, /num_labels to be a positive integer/],
  ];
  for (const [values, message] of cases) {
    t.throws(() => read("TokenClassification", shapes, values), { code: "ERPRM_INVALID_CHECKPOINT", message });
  }
  t.notThrows(() => read("TokenClassification", shapes, { id2label: { 0: "bad", 1: "good" } }));
});

const layers = [
  { name: "score.0", outputs: 16, bias: true },
  { name: "score.2", outputs: 2, bias: true },
];

function table(change: (shapes: Map<string, number[]>) => void) {
  const shapes = expectedTensors(config, layers);
  change(shapes);
  return tensorTable({
    source: "dir",
    config,
    valueHead: layers,
    tensors: [...shapes].map(([name, shape], index) => ({
      name,
      stored: { name, type: "F32", shape, file: "model.safetensors", offset: 64 * index, size: 4 },
    })),
    interleaved: false,
  });
}

test("a value head takes the place of the output matrix in the table", (t) => {
  const { checkpoint, notes } = table(() => {});
  t.deepEqual(checkpoint.valueHead, layers);
  const shapes = new Map(checkpoint.tensors.map(({ name, shape }) => [name, shape]));
  t.deepEqual(shapes.get("score.0.weight"), [16, 8]);
  t.deepEqual(shapes.get("score.2.weight"), [2, 16]);
  t.deepEqual(shapes.get("score.2.bias"), [2]);
  t.false(shapes.has("lm_head.weight"));
  t.deepEqual(notes, []);
});

test("an output matrix beside a value head is left out with a note, whatever its shape", (t) => {
  const { checkpoint, notes } = table((shapes) => shapes.set("lm_head.weight", [4, 4]));
  t.false(checkpoint.tensors.some(({ name }) => name === "lm_head.weight"));
  t.regex(notes.join(), /lm_head\.weight is not read: the model has a value head/);
});

test("a missing, a misshapen and a superfluous tensor of the head are refused by name", (t) => {
  const refused = (change: (shapes: Map<string, number[]>) => void, message: RegExp) =>
    t.throws(() => table(change), { code: "ERPRM_INVALID_CHECKPOINT", message });
  refused((shapes) => shapes.delete("score.2.bias"), /tensor score\.2\.bias of shape \[2\], found none/);
  refused((shapes) => shapes.set("score.2.weight", [2, 8]), /score\.2\.weight to have shape \[2, 16\], found \[2, 8\]/);
  refused((shapes) => shapes.set("score.4.weight", [2, 2]), /found score\.4\.weight/);
});
