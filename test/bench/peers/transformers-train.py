"""The training workload in PyTorch as one writes it: padded batches, labels of -100 on prompts, the model's own loss, AdamW."""
import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModelForCausalLM

workload = json.load(open(sys.argv[1]))
torch.set_num_threads(workload["threads"])
model = AutoModelForCausalLM.from_pretrained(workload["model"], dtype=torch.float32).train()
if workload["gradientCheckpointing"]:
    model.gradient_checkpointing_enable()
optimizer = torch.optim.AdamW(
    model.parameters(), lr=workload["learningRate"], weight_decay=workload["weightDecay"], fused=True
)


def collate(sequences):
    longest = max(len(sequence["ids"]) for sequence in sequences)
    ids = torch.zeros(len(sequences), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, sequence in enumerate(sequences):
        length = len(sequence["ids"])
        ids[row, :length] = torch.tensor(sequence["ids"])
        mask[row, :length] = 1
        labels[row, sequence["promptTokens"]:length] = ids[row, sequence["promptTokens"]:length]
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


losses, tokens = [], 0
for index, sequences in enumerate(workload["updates"]):
    if index == 1:
        start = time.perf_counter()
    loss = model(**collate(sequences), use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), workload["maxGradientNorm"])
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
    if index > 0:
        tokens += sum(len(sequence["ids"]) for sequence in sequences)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "tokens": tokens, "losses": losses}))
