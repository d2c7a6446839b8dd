"""Writes test/fixtures/scoring/*.json: what transformers computes on the small random models of the scoring tests.

For each model: ragged sequences, positions in them, and there the logits of the candidate tokens or the outputs of the value
head (fp32, eager attention, one sequence at a time). Some sequences begin alike, as solutions of one problem do.

Run after the TypeScript is compiled: python scripts/make-scoring-goldens.py [NAME ...]
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    Qwen2Model,
    Qwen2PreTrainedModel,
)

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures" / "scoring"
WRITER = ROOT / "dist" / "test" / "support" / "write-scoring-model.js"
NAMES = [
    "llama-token-classification", "qwen3-token-classification", "mistral-sequence-classification",
    "qwen2-process-reward-model", "llama-candidates", "llama-tied-candidates",
]
SEED = 11


class Qwen2ForProcessRewardModel(Qwen2PreTrainedModel):
    """The class that Qwen2.5-Math-PRM brings along: two linear layers, a ReLU between them."""

    def __init__(self, config):
        super().__init__(config)
        self.model = Qwen2Model(config)
        self.score = torch.nn.Sequential(
            torch.nn.Linear(config.hidden_size, config.hidden_size),
            torch.nn.ReLU(),
            torch.nn.Linear(config.hidden_size, config.num_labels),
        )
        self.post_init()


LOADERS = {
    "CausalLM": AutoModelForCausalLM,
    "TokenClassification": AutoModelForTokenClassification,
    "SequenceClassification": AutoModelForSequenceClassification,
    "ProcessRewardModel": Qwen2ForProcessRewardModel,
}


def sequences():
    prompt = [(i * 31 + (i * i) % 13) % 256 for i in range(150)]
    solution = lambda seed, length: [(seed * 97 + i * 53 + (i * i) % 29) % 256 for i in range(length)]
    return [
        prompt[:140] + solution(1, 60),
        solution(2, 5),
        prompt[:140] + solution(3, 90),
        prompt[:130],
        solution(4, 64),
        prompt + solution(5, 106),
    ]


def positions_of(ids):
    return sorted({len(ids) // 3, 2 * len(ids) // 3, len(ids) - 1})


def load(directory):
    head = AutoConfig.from_pretrained(directory).architectures[0].split("For")[1]
    model, info = LOADERS[head].from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[kind], (kind, info[kind])
    return model.eval()


def scores_of(model, ids, candidates):
    with torch.no_grad():
        hidden = model.model(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0]
        outputs = model.lm_head(hidden)[:, candidates] if candidates else model.score(hidden)
    return [[round(value, 6) for value in outputs[at].tolist()] for at in positions_of(ids)]


def make(name):
    with tempfile.TemporaryDirectory() as directory:
        command = ["node", str(WRITER), name, str(SEED), directory]
        candidates = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        model = load(directory)
        rows = [{"ids": ids, "positions": positions_of(ids), "scores": scores_of(model, ids, candidates)}
                for ids in sequences()]
    golden = {
        "madeBy": {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]},
        "seed": SEED,
        "sequences": rows,
    }
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / f"{name}.json").write_text(json.dumps(golden) + "\n")
    values = torch.tensor([value for row in rows for outputs in row["scores"] for value in outputs])
    print(f"{name}: {len(values)} numbers, deviation {float(values.std()):.2f}", flush=True)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    for chosen in sys.argv[1:] or NAMES:
        make(chosen)
