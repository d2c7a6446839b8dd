"""Completions of forced length by transformers generate with a static cache on a device: the same shapes, random weights.

One argument, JSON: device, config (of config.json), batch, rowsATrunk, trunkTokens, tokens, runs, compiled. Each trunk is prefilled
once for each of its completions, as generate does with a batch of prompts. Prints one line of JSON.
"""
import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModelForCausalLM, LlamaConfig

bench = json.loads(sys.argv[1])
device = torch.device(bench["device"])
torch.manual_seed(1)
torch.set_default_dtype(torch.bfloat16)
with torch.device(device):
    model = AutoModelForCausalLM.from_config(LlamaConfig(**bench["config"]), dtype=torch.bfloat16).eval()
torch.set_default_dtype(torch.float32)
model.generation_config.eos_token_id = None
trunks = bench["batch"] // bench["rowsATrunk"]
ids = torch.randint(0, bench["config"]["vocab_size"], (trunks, bench["trunkTokens"]), device=device)
ids = ids.repeat_interleave(bench["rowsATrunk"], dim=0)
mask = torch.ones_like(ids)


def run(tokens):
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    out = model.generate(
        ids,
        attention_mask=mask,
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        min_new_tokens=tokens,
        max_new_tokens=tokens,
        pad_token_id=0,
        cache_implementation="static",
        disable_compile=not bench["compiled"],
    )
    if device.type == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    assert out.shape == (bench["batch"], bench["trunkTokens"] + tokens), out.shape
    return seconds


with torch.inference_mode():
    warm_up = run(bench["tokens"])  # compiles, where it does
    seconds = sorted(run(bench["tokens"]) for _ in range(bench["runs"]))
rates = sorted(bench["batch"] * bench["tokens"] / one for one in seconds)
print(
    json.dumps(
        {
            "bench": "transformers",
            "case": f"batch {bench['batch']}, {bench['trunkTokens']} + {bench['tokens']} tokens, "
            + ("compiled" if bench["compiled"] else "eager"),
            "batch": bench["batch"],
            "runs": len(seconds),
            "seconds": {"median": seconds[len(seconds) // 2], "low": seconds[0], "high": seconds[-1]},
            "tokensPerSecond": {"median": rates[len(rates) // 2], "low": rates[0], "high": rates[-1]},
            "warmUpSeconds": warm_up,
            "torch": torch.__version__,
        }
    )
)
