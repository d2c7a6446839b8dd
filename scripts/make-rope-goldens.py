"""Writes test/fixtures/rope.json: the RoPE frequencies transformers computes for configs with every scaling.

Run: python scripts/make-rope-goldens.py
"""

import json
import pathlib

import torch
import transformers
from transformers import AutoConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

OUT = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "rope.json"

SHAPE = {"hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 64,
         "num_hidden_layers": 2, "vocab_size": 100}
FACTORS = {"short_factor": [1 + 0.02 * i for i in range(32)], "long_factor": [1 + 0.5 * i for i in range(32)]}

# name, model type, config, context length
CASES = [
    ("llama default", "llama", {"max_position_embeddings": 2048}, None),
    ("llama theta 500000", "llama", {"max_position_embeddings": 8192, "rope_theta": 500000.0}, None),
    ("llama default by name", "llama", {"max_position_embeddings": 2048, "rope_scaling": {"rope_type": "default"}}, None),
    ("llama linear", "llama", {"max_position_embeddings": 2048, "rope_scaling": {"type": "linear", "factor": 4.0}}, None),
    ("llama dynamic within", "llama", {"max_position_embeddings": 2048, "rope_scaling": {"type": "dynamic", "factor": 4.0}}, None),
    ("llama dynamic beyond", "llama", {"max_position_embeddings": 2048, "rope_scaling": {"type": "dynamic", "factor": 4.0}}, 8192),
    ("llama dynamic between", "llama", {"max_position_embeddings": 2048, "rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}, 3000),
    ("llama3", "llama", {"max_position_embeddings": 131072, "rope_theta": 500000.0, "rope_scaling": {
        "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192,
        "rope_type": "llama3"}}, None),
    ("llama3 rope_parameters", "llama", {"max_position_embeddings": 131072, "rope_parameters": {
        "rope_theta": 500000.0, "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
        "original_max_position_embeddings": 8192, "rope_type": "llama3"}}, None),
    ("llama yarn", "llama", {"max_position_embeddings": 8192, "rope_scaling": {
        "type": "yarn", "factor": 2.0, "original_max_position_embeddings": 4096}}, None),
    ("llama yarn betas, no truncation", "llama", {"max_position_embeddings": 8192, "rope_scaling": {
        "type": "yarn", "factor": 8.0, "original_max_position_embeddings": 1024, "beta_fast": 16, "beta_slow": 2,
        "truncate": False}}, None),
    ("llama yarn mscale", "llama", {"max_position_embeddings": 8192, "rope_scaling": {
        "type": "yarn", "factor": 40.0, "original_max_position_embeddings": 4096, "mscale": 1.0,
        "mscale_all_dim": 0.707}}, None),
    ("llama yarn one mscale", "llama", {"max_position_embeddings": 8192, "rope_scaling": {
        "type": "yarn", "factor": 40.0, "original_max_position_embeddings": 4096, "mscale": 0.5}}, None),
    ("llama yarn attention factor", "llama", {"max_position_embeddings": 8192, "rope_scaling": {
        "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 2048, "attention_factor": 1.25}}, None),
    ("llama yarn, length outside", "llama", {"max_position_embeddings": 8192, "original_max_position_embeddings": 2048,
        "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}}, None),
    ("llama longrope long", "llama", {"max_position_embeddings": 131072, "rope_scaling": {
        "rope_type": "longrope", "original_max_position_embeddings": 4096, **FACTORS}}, 131072),
    ("llama longrope short", "llama", {"max_position_embeddings": 131072, "rope_scaling": {
        "rope_type": "longrope", "original_max_position_embeddings": 4096, **FACTORS}}, 4096),
    ("llama longrope factor", "llama", {"max_position_embeddings": 8192, "original_max_position_embeddings": 4096,
        "rope_scaling": {"rope_type": "longrope", "factor": 16.0, **FACTORS}}, 8192),
    ("llama longrope attention factor", "llama", {"max_position_embeddings": 8192, "rope_scaling": {
        "rope_type": "longrope", "original_max_position_embeddings": 4096, "attention_factor": 1.5, **FACTORS}}, 8192),
    ("mistral head_dim", "mistral", {"head_dim": 128, "max_position_embeddings": 32768, "rope_theta": 1000000.0}, None),
    ("qwen2 yarn", "qwen2", {"max_position_embeddings": 32768, "rope_theta": 1000000.0, "rope_scaling": {
        "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}, 131072),
    ("qwen2 yarn without length", "qwen2", {"max_position_embeddings": 32768, "rope_theta": 1000000.0, "rope_scaling": {
        "type": "yarn", "factor": 4.0}}, None),
    ("qwen3 default", "qwen3", {"max_position_embeddings": 40960, "rope_theta": 1000000.0}, None),
    ("qwen3 yarn rope_parameters", "qwen3", {"head_dim": 64, "max_position_embeddings": 40960, "rope_parameters": {
        "rope_theta": 1000000.0, "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}, None),
    ("qwen3 linear", "qwen3", {"head_dim": 32, "max_position_embeddings": 2048, "rope_parameters": {
        "rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}}, None),
]


def compute(model_type, values, context_length):
    config = AutoConfig.for_model(model_type, **SHAPE, **json.loads(json.dumps(values)))
    rope_type = config.rope_parameters["rope_type"]
    if rope_type == "default":
        return LlamaRotaryEmbedding.compute_default_rope_parameters(config)
    return ROPE_INIT_FUNCTIONS[rope_type](config, "cpu", seq_len=context_length)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    cases = []
    for name, model_type, values, context_length in CASES:
        frequencies, scale = compute(model_type, values, context_length)
        cases.append({
            "name": name,
            "config": {"model_type": model_type, **SHAPE, **values},
            **({"contextLength": context_length} if context_length else {}),
            "inverseFrequencies": frequencies.tolist(),
            "scale": float(scale),
        })
    made_by = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
    lines = ",\n".join(json.dumps(case) for case in cases)
    OUT.write_text(f'{{"madeBy": {json.dumps(made_by)}, "cases": [\n{lines}\n]}}\n')
    print(f"{len(cases)} cases -> {OUT}")
