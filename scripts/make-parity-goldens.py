"""Writes test/fixtures/parity/*.json: what transformers computes on the small random models of the parity tests.

For each model: a prompt, 128 greedy tokens after it (fp32, eager attention, no cache), and the logits of a few positions of
prompt + greedy tokens. Seeds are tried until the greedy choice is never close (top-2 margin) nor stuck in a short loop.
RoPE whose frequencies depend on the sequence's length is fixed to the context length, as the engine does.

Run after the TypeScript is compiled: python scripts/make-parity-goldens.py [NAME ...]
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers import AutoModelForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures" / "parity"
WRITER = ROOT / "dist" / "test" / "support" / "write-parity-model.js"
NAMES = [
    "llama", "llama-f16", "llama-bf16", "llama-sharded", "llama-llama3-tied", "llama-biases", "llama-dynamic",
    "llama-longrope", "mistral-sliding", "mistral-full", "qwen2-yarn-sliding", "qwen3-linear",
]
NUM_GREEDY = 128
MIN_MARGIN = 2e-3
MIN_DISTINCT = 40
PROMPT = list(b"Step 1: 16 - 3 - 4 = 9 eggs a day left.\n")


def write_model(name, seed, directory):
    command = ["node", str(WRITER), name, str(seed), str(directory)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def load(directory, context_length):
    model, info = AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[kind], (kind, info[kind])
    rotary = model.model.rotary_emb
    if rotary.rope_type == "dynamic":
        rotary.inv_freq, _ = ROPE_INIT_FUNCTIONS["dynamic"](model.config, "cpu", seq_len=context_length)
        rotary.original_inv_freq = rotary.inv_freq
        rotary.max_seq_len_cached = context_length
        rotary.original_max_seq_len = 0  # never back to the short frequencies
    return model.eval()


def all_logits(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def roll_out(model):
    ids, margin = list(PROMPT), float("inf")
    for _ in range(NUM_GREEDY):
        top = torch.topk(all_logits(model, ids)[-1], 2)
        margin = min(margin, float(top.values[0] - top.values[1]))
        ids.append(int(top.indices[0]))
        if margin < MIN_MARGIN:
            break
    return ids, margin


def make(name):
    for seed in range(1, 200):
        with tempfile.TemporaryDirectory() as directory:
            context_length = write_model(name, seed, directory)
            model = load(directory, context_length)
            ids, margin = roll_out(model)
            greedy = ids[len(PROMPT):]
            if margin < MIN_MARGIN or len(set(greedy)) < MIN_DISTINCT:
                continue
            logits = all_logits(model, ids)
            positions = [0, 17, len(PROMPT) - 1, 103, len(ids) - 1]
            golden = {
                "madeBy": {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]},
                "seed": seed,
                "promptIds": PROMPT,
                "greedyIds": greedy,
                "smallestMargin": round(margin, 6),
                "positions": positions,
                "logits": [[round(value, 6) for value in logits[at].tolist()] for at in positions],
            }
            FIXTURES.mkdir(parents=True, exist_ok=True)
            (FIXTURES / f"{name}.json").write_text(json.dumps(golden) + "\n")
            spread = float(logits.std())
            print(f"{name}: seed {seed}, margin {margin:.4f}, {len(set(greedy))} tokens, logits' deviation {spread:.2f}", flush=True)
            return
    sys.exit(f"{name}: no seed gives a clear greedy choice")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    for chosen in sys.argv[1:] or NAMES:
        make(chosen)
