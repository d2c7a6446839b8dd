"""The scoring workload in transformers as one writes it: padded batches, the logits of the candidates at the tags."""
import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModelForCausalLM

workload = json.load(open(sys.argv[1]))
torch.set_num_threads(workload["threads"])
model = AutoModelForCausalLM.from_pretrained(workload["model"], dtype=torch.float32).eval()
solutions, size = workload["solutions"], workload["batchSize"]
scores, tokens = [], 0
with torch.inference_mode():  # the first call of a process pays for what later ones find ready
    model(input_ids=torch.tensor([solutions[0]["ids"]]), use_cache=False)
start = time.perf_counter()
with torch.inference_mode():
    for first in range(0, len(solutions), size):
        batch = solutions[first:first + size]
        longest = max(len(solution["ids"]) for solution in batch)
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, solution in enumerate(batch):
            ids[row, :len(solution["ids"])] = torch.tensor(solution["ids"])
            mask[row, :len(solution["ids"])] = 1
            tokens += len(solution["ids"])
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :, workload["candidates"]]
        probabilities = torch.softmax(logits, dim=-1)[:, :, 0]
        for row, solution in enumerate(batch):
            scores.extend(probabilities[row, solution["positions"]].tolist())
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "tokens": tokens, "scores": scores}))
