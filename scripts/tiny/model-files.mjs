/** What the tiny policy is before it has weights: its shape, its tokenizer and how a question becomes a prompt. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToken, trainTokenizer } from "./train-tokenizer.mjs";

/** Longest sequence in tokens; a problem with its solution has 110, and hardly ever more than 300. */
const contextLength = 512;

/**
 * A question alone on its line is the prompt. The policy knows no instructions: the sentence that rollouts append when
 * nobody asks for another is left out, and everything else that a user says is passed on.
 */
const chatTemplate = `{%- for message in messages -%}
{%- if message['role'] == 'user' -%}
{{- message['content'].replace('\\nPlease reason step by step, and put your final answer within \\\\boxed{}.', '') + '\\n' -}}
{%- elif message['role'] == 'assistant' -%}
{{- message['content'] + '${endToken}' -}}
{%- else -%}
{{- raise_exception('this policy knows no message of the role ' + message['role']) -}}
{%- endif -%}
{%- endfor -%}`;

function config(vocabularySize) {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabularySize,
    hidden_size: 192,
    intermediate_size: 512,
    num_hidden_layers: 6,
    num_attention_heads: 6,
    num_key_value_heads: 2,
    head_dim: 32,
    hidden_act: "silu",
    max_position_embeddings: contextLength,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    bos_token_id: null,
    eos_token_id: 0,
    dtype: "bfloat16",
  };
}

const tokenizerConfig = {
  tokenizer_class: "PreTrainedTokenizerFast",
  eos_token: endToken,
  pad_token: endToken,
  model_max_length: contextLength,
  clean_up_tokenization_spaces: false,
  chat_template: chatTemplate,
};

/** Writes the directory that training from nothing begins with. `texts` are what the tokenizer learns its merges from. */
export function writeModelFiles(directory, texts) {
  mkdirSync(directory, { recursive: true });
  const tokenizer = trainTokenizer(texts, { vocabularySize: 1024, minCount: 30 });
  const write = (name, value) => writeFileSync(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
  write("tokenizer.json", tokenizer);
  write("tokenizer_config.json", tokenizerConfig);
  write("generation_config.json", { eos_token_id: 0 });
  write("config.json", config(Object.keys(tokenizer.model.vocab).length));
}
