"""ln p of given tokens in transformers: MODEL.gguf, PIECES.json, threads. The first token of each piece has none."""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModelForCausalLM

path, pieces, threads = sys.argv[1], json.load(open(sys.argv[2])), int(sys.argv[3])
torch.set_num_threads(threads)
folder, name = os.path.split(path)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
values = []
with torch.inference_mode():
    for piece in pieces:
        ids = torch.tensor([piece])
        logits = model(input_ids=ids, use_cache=False).logits[0, :-1]
        log_probabilities = torch.log_softmax(logits.double(), dim=-1)
        values.extend(log_probabilities.gather(1, ids[0, 1:, None])[:, 0].tolist())
print(json.dumps({"logProbabilities": values}))
