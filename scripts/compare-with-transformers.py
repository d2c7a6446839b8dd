"""The reference half of compare-with-transformers.mjs: greedy tokens and logits of a model as transformers computes them.

Usage: python compare-with-transformers.py MODEL PROMPT NUM_TOKENS OUT_DIR
MODEL is a directory in Hugging Face layout or a .gguf file (which transformers dequantises). Computes in fp32 with eager
attention; writes OUT_DIR/reference.json and OUT_DIR/logits.f32, [prompt + greedy tokens, vocabulary], little-endian.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(model_path, prompt, num_tokens, out):
    if model_path.endswith(".gguf"):
        path = pathlib.Path(model_path).resolve()
        where, source = str(path.parent), {"gguf_file": path.name}
    else:
        where, source = model_path, {}
    tokenizer = AutoTokenizer.from_pretrained(where, **source)
    model = AutoModelForCausalLM.from_pretrained(where, dtype=torch.float32, attn_implementation="eager", **source).eval()
    if tokenizer.chat_template:
        messages = [{"role": "user", "content": prompt}]
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    prompt_ids = tokenizer(prompt, add_special_tokens=not tokenizer.chat_template)["input_ids"]
    ids, margins, cache = list(prompt_ids), [], None
    with torch.no_grad():
        for _ in range(num_tokens):
            fed = ids if cache is None else ids[-1:]
            output = model(input_ids=torch.tensor([fed]), past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            top = torch.topk(output.logits[0, -1], 2)
            margins.append(float(top.values[0] - top.values[1]))
            ids.append(int(top.indices[0]))
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    reference = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "promptIds": prompt_ids,
        "greedyIds": ids[len(prompt_ids):],
        "margins": margins,
        "text": tokenizer.decode(ids[len(prompt_ids):]),
    }
    pathlib.Path(out, "reference.json").write_text(json.dumps(reference))
    logits.numpy().astype("<f4").tofile(pathlib.Path(out, "logits.f32"))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    transformers.logging.set_verbosity_error()
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
