"""The workload on transformers generate, as its documentation says: one call a prefix, num_return_sequences completions."""
import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModelForCausalLM

workload = json.load(open(sys.argv[1]))
torch.set_num_threads(workload["threads"])
folder, name = os.path.split(workload["model"])
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
tokens = completions = 0
start = time.perf_counter()
with torch.inference_mode():
    for length in workload["prefixLengths"]:
        ids = torch.tensor([workload["trunk"][:length]])
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            num_return_sequences=workload["numCompletions"],
            min_new_tokens=workload["numTokens"],
            max_new_tokens=workload["numTokens"],
            pad_token_id=0,
        )
        completions += out.shape[0]
        tokens += out.shape[0] * (out.shape[1] - length)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "completions": completions, "tokens": tokens}))
