"""A rollout workload on transformers generate, as its documentation says: WORKLOAD.json.

Several completions of a prefix: num_return_sequences, as many a call as the workload's batch has. One of each prompt: as many prompts a
call, padded on the left.
"""
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
batch, ends = workload["batch"], workload["endTokens"]
length = {"max_new_tokens": workload["numTokens"]}
if ends:
    length["eos_token_id"] = ends
else:
    length["min_new_tokens"] = workload["numTokens"]
    model.generation_config.eos_token_id = None
tokens = completions = 0


def count(row):
    for place, token in enumerate(row):
        if token in ends:
            return place + 1
    return len(row)


def generate(prompts, copies):
    global tokens, completions
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    out = model.generate(
        ids,
        attention_mask=mask,
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        num_return_sequences=copies,
        pad_token_id=0,
        **length,
    )
    completions += out.shape[0]
    tokens += sum(count(row) for row in out[:, longest:].tolist())


start = time.perf_counter()
with torch.inference_mode():
    single = []
    for trunk in workload["trunks"]:
        for prefix in trunk["prefixLengths"]:
            copies = trunk["numCompletions"]
            if copies == 1:
                single.append(trunk["tokens"][:prefix])
            for first in range(0, copies if copies > 1 else 0, batch):
                generate([trunk["tokens"][:prefix]], min(batch, copies - first))
    for first in range(0, len(single), batch):
        generate(single[first : first + batch], 1)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "completions": completions, "tokens": tokens}))
